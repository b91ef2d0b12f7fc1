/** One stretch of time in which something was wrong; seconds since the epoch. */
export interface Episode {
  readonly from: number;
  /** First moment at which it was well again; null when it still was not at the end of what was read. */
  readonly until: number | null;
  /** The value at the start; null for an alert. */
  readonly value: number | null;
}

export interface Points {
  readonly timestampsMs: readonly number[];
  readonly values: readonly number[];
}

export interface EpisodeRules {
  readonly isWrong: (value: number) => boolean;
  /** Once wrong, it stays so until this no longer holds (hysteresis). */
  readonly staysWrong: (value: number) => boolean;
  readonly forSeconds: number;
  readonly resolveForSeconds: number;
  readonly stepSeconds: number;
  /** End of what was read, in seconds since the epoch. */
  readonly readUntil: number;
}

/** Episodes of one series: wrong for long enough begins one, well (or gone) for long enough ends it. */
export function episodesOf({ timestampsMs, values }: Points, rules: EpisodeRules): Episode[] {
  const { isWrong, staysWrong, forSeconds, resolveForSeconds, stepSeconds, readUntil } = rules;
  const episodes: Episode[] = [];
  const gap = stepSeconds * 1.5;
  let wrongSince: number | null = null;
  let open: { from: number; value: number } | null = null;
  let wellSince: number | null = null;
  let last = Number.NEGATIVE_INFINITY;
  const close = (at: number): void => {
    if (open) episodes.push({ ...open, until: at });
    open = null;
    wrongSince = null;
    wellSince = null;
  };
  for (const [index, ms] of timestampsMs.entries()) {
    const at = ms / 1_000;
    const value = values[index] ?? Number.NaN;
    if (at - last > gap && Number.isFinite(last)) close(last + stepSeconds); // the series was away
    last = at;
    if (open) {
      wellSince = staysWrong(value) ? null : (wellSince ?? at);
      if (wellSince !== null && at - wellSince >= resolveForSeconds) close(wellSince);
      continue;
    }
    wrongSince = isWrong(value) ? (wrongSince ?? at) : null;
    if (wrongSince !== null && at - wrongSince >= forSeconds) open = { from: at, value };
  }
  if (open) {
    const ended = readUntil - last > gap;
    const { from, value } = open;
    episodes.push({ from, value, until: ended ? last + stepSeconds : wellSince });
  }
  return episodes;
}

/** Series of successive stretches of time as one, by their labels. */
export function joinSeries(
  stretches: ReadonlyArray<ReadonlyArray<Points & { readonly labels: Readonly<Record<string, string>> }>>,
): Array<Points & { readonly labels: Readonly<Record<string, string>> }> {
  const joined = new Map<
    string,
    { labels: Readonly<Record<string, string>>; timestampsMs: number[]; values: number[] }
  >();
  for (const { labels, timestampsMs, values } of stretches.flat()) {
    const key = JSON.stringify(Object.entries(labels).toSorted());
    const known = joined.get(key) ?? { labels, timestampsMs: [], values: [] };
    const last = known.timestampsMs.at(-1) ?? Number.NEGATIVE_INFINITY;
    for (const [index, ms] of timestampsMs.entries()) {
      if (ms <= last) continue;
      known.timestampsMs.push(ms);
      known.values.push(values[index] ?? Number.NaN);
    }
    joined.set(key, known);
  }
  return [...joined.values()];
}
