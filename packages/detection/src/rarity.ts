/** How rare a deviation is within its own series: a histogram on a logarithmic scale that is never forgotten. */
export interface Rarity {
  /** -log10 of the share of earlier deviations that were at least as large; then remembers this one. */
  readonly rate: (deviation: number) => number;
  readonly counts: () => number[];
}

const BINS = 96;
const PER_OCTAVE = 8;

export function createRarity(initial: readonly number[] = []): Rarity {
  const counts = new Float64Array(BINS);
  counts.set(initial.slice(0, BINS));
  let total = counts.reduce((sum, count) => sum + count, 0);
  return {
    rate: (deviation) => {
      const bin = Math.min(BINS - 1, Math.round(PER_OCTAVE * Math.log2(1 + deviation)));
      let above = 0;
      for (let i = bin; i < BINS; i++) above += counts[i] ?? 0;
      counts[bin] = (counts[bin] ?? 0) + 1;
      total++;
      return Math.max(0, Math.log10(total / (above + 1)));
    },
    counts: () => Array.from(counts),
  };
}
