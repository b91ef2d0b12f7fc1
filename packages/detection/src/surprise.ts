/**
 * How rare a deviation is within its own series: a histogram of the logarithm, with an exponential tail fitted above
 * its upper quantile (peaks over threshold), so that values never seen before are told apart too.
 */
export interface Surprise {
  /** -log10 of the tail probability, 0 inside the bulk; then remembers the deviation. */
  readonly rate: (deviation: number) => number;
  readonly state: () => SurpriseState;
}

export interface SurpriseState {
  readonly counts: readonly number[];
  readonly start: number;
  readonly excess: number;
}

const BINS = 256;
const BINS_PER_UNIT = 48;
/** Share of deviations that are taken for the tail. */
const TAIL = 0.05;
const TAIL_DECADES = -Math.log10(TAIL);
/** Deviations seen before anything is called rare. */
const LEAST = 50;
/** Prior of the mean excess over the tail's start, in logarithmic units, and the observations it counts for. */
const PRIOR_EXCESS = 0.25;
const PRIOR_WEIGHT = 3;
/** The tail moves slowly: it is fitted anew once in this many deviations, a power of two. */
const REFIT_EVERY = 16;

export function createSurprise(state?: SurpriseState): Surprise {
  const counts = new Uint32Array(BINS);
  counts.set((state?.counts ?? []).slice(0, BINS));
  let total = counts.reduce((sum, count) => sum + count, 0);
  let start = state?.start ?? 0;
  let excess = state?.excess ?? PRIOR_EXCESS;
  const fit = (): void => {
    let above = 0;
    let weighted = 0;
    let bin = BINS - 1;
    for (; bin > 0 && above + (counts[bin] ?? 0) < TAIL * total; bin--) {
      above += counts[bin] ?? 0;
      weighted += (counts[bin] ?? 0) * bin;
    }
    start = bin / BINS_PER_UNIT;
    excess = (weighted / BINS_PER_UNIT - above * start + PRIOR_EXCESS * PRIOR_WEIGHT) / (above + PRIOR_WEIGHT);
  };
  return {
    rate: (deviation) => {
      const size = Math.log1p(deviation);
      const bin = Math.min(BINS - 1, Math.round(size * BINS_PER_UNIT));
      if (total >= LEAST && ((total & (REFIT_EVERY - 1)) === 0 || total === LEAST)) fit();
      const rarity = total >= LEAST && size > start ? TAIL_DECADES + (size - start) / (excess * Math.LN10) : 0;
      counts[bin] = (counts[bin] ?? 0) + 1;
      total++;
      return rarity;
    },
    state: () => ({ counts: Array.from(counts), start, excess }),
  };
}
