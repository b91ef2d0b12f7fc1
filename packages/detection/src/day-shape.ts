/** The usual course of a day, learned as the median over recent days for each slot of the day. */
export interface DayShape {
  /** Enters a slot of the day, see `slotOfDay`; call first for each sample. */
  readonly enter: (slot: number) => void;
  /** What is usual at this time of day; NaN until enough days were seen. */
  readonly expected: () => number;
  /** Distance to the second nearest of the days remembered: a value seen twice at this time of day is no news; NaN as above. */
  readonly nearest: (value: number) => number;
  /** Call after `expected` and `nearest` of the same sample. */
  readonly add: (value: number) => void;
  readonly state: () => DayShapeState;
}

export interface DayShapeState {
  /** Means by slot, oldest day first. */
  readonly slots: readonly (readonly number[])[];
  readonly slot: number;
  readonly sum: number;
  readonly count: number;
}

const DAY_S = 86_400;
const SUM = 0;
const USUAL = 1;

/** Which of `slots` equal parts of the (UTC) day a time in seconds falls into. */
export function slotOfDay(timestamp: number, slots: number): number {
  const second = timestamp - DAY_S * Math.floor(timestamp / DAY_S);
  return Math.min(slots - 1, Math.floor((second / DAY_S) * slots));
}

/** `slots` a day, of each the means of the newest `days` days on which it was seen. */
export function createDayShape(slots: number, days: number, leastDays: number, state?: DayShapeState): DayShape {
  const means = new Float64Array(slots * days).fill(Number.NaN);
  const filled = new Uint8Array(slots);
  let slot = state?.slot ?? -1;
  let count = state?.count ?? 0;
  // numbers that change with every sample live in typed arrays: a captured variable would be allocated anew each time
  const cells = Float64Array.of(state?.sum ?? 0, Number.NaN);
  state?.slots.forEach((past, i) => {
    past.forEach((mean, j) => {
      means[i * days + j] = mean;
    });
    filled[i] = past.length;
  });
  const sorted = new Float64Array(days);
  /** Median of the days remembered of a slot; they are few, so they are inserted in order. */
  const usualOf = (at: number): number => {
    const known = filled[at] ?? 0;
    if (known < leastDays) return Number.NaN;
    for (let i = 0; i < known; i++) {
      const mean = means[at * days + i] ?? 0;
      let place = i;
      for (; place > 0 && (sorted[place - 1] ?? 0) > mean; place--) sorted[place] = sorted[place - 1] ?? 0;
      sorted[place] = mean;
    }
    const low = sorted[(known - 1) >> 1] ?? 0;
    return low + 0.5 * ((sorted[known >> 1] ?? 0) - low);
  };
  const close = (): void => {
    if (slot < 0 || count === 0) return;
    const known = filled[slot] ?? 0;
    if (known === days) means.copyWithin(slot * days, slot * days + 1, (slot + 1) * days);
    means[slot * days + Math.min(known, days - 1)] = (cells[SUM] ?? 0) / count;
    filled[slot] = Math.min(days, known + 1);
  };
  const enter = (at: number): void => {
    if (at === slot) return;
    close();
    slot = at;
    count = 0;
    cells[SUM] = 0;
    cells[USUAL] = usualOf(at);
  };
  if (slot >= 0) cells[USUAL] = usualOf(slot);
  return {
    enter,
    expected: () => cells[USUAL] ?? Number.NaN,
    nearest: (value) => {
      const known = slot < 0 ? 0 : (filled[slot] ?? 0);
      if (known < leastDays) return Number.NaN;
      let first = Number.POSITIVE_INFINITY;
      let second = Number.POSITIVE_INFINITY;
      for (let i = slot * days; i < slot * days + known; i++) {
        const away = Math.abs(value - (means[i] ?? 0));
        if (away < first) {
          second = first;
          first = away;
        } else if (away < second) second = away;
      }
      return second;
    },
    add: (value) => {
      cells[SUM] = (cells[SUM] ?? 0) + value;
      count++;
    },
    state: () => ({
      slots: Array.from({ length: slots }, (_, i) => Array.from(means.subarray(i * days, i * days + (filled[i] ?? 0)))),
      slot,
      sum: cells[SUM] ?? 0,
      count,
    }),
  };
}
