import { medianOf } from './robust.ts';

/** The usual course of a day, learned as the median over recent days for each slot of the day. */
export interface DayShape {
  /** What is usual at this time of day; NaN until enough days were seen. */
  readonly expected: (timestamp: number) => number;
  /** Distance to the second nearest of the days remembered: a value seen twice at this time of day is no news; NaN as above. */
  readonly nearest: (value: number) => number;
  /** Call after `expected` and `nearest` of the same sample. */
  readonly add: (timestamp: number, value: number) => void;
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

/** `slots` a day, of each the means of the newest `days` days on which it was seen. */
export function createDayShape(slots: number, days: number, leastDays: number, state?: DayShapeState): DayShape {
  const means = new Float64Array(slots * days).fill(Number.NaN);
  const filled = new Uint8Array(slots);
  let slot = state?.slot ?? -1;
  let sum = state?.sum ?? 0;
  let count = state?.count ?? 0;
  let usual = Number.NaN;
  state?.slots.forEach((past, i) => {
    past.forEach((mean, j) => {
      means[i * days + j] = mean;
    });
    filled[i] = past.length;
  });
  const usualOf = (at: number): number => {
    const known = filled[at] ?? 0;
    return known < leastDays ? Number.NaN : medianOf(means.subarray(at * days, at * days + known));
  };
  const close = (): void => {
    if (slot < 0 || count === 0) return;
    const known = filled[slot] ?? 0;
    if (known === days) means.copyWithin(slot * days, slot * days + 1, (slot + 1) * days);
    means[slot * days + Math.min(known, days - 1)] = sum / count;
    filled[slot] = Math.min(days, known + 1);
  };
  const slotOf = (timestamp: number): number => Math.floor(((((timestamp % DAY_S) + DAY_S) % DAY_S) / DAY_S) * slots);
  const enter = (timestamp: number): void => {
    const at = slotOf(timestamp);
    if (at === slot) return;
    close();
    slot = at;
    sum = 0;
    count = 0;
    usual = usualOf(at);
  };
  if (slot >= 0) usual = usualOf(slot);
  return {
    expected: (timestamp) => {
      enter(timestamp);
      return usual;
    },
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
    add: (timestamp, value) => {
      enter(timestamp);
      sum += value;
      count++;
    },
    state: () => ({
      slots: Array.from({ length: slots }, (_, i) => Array.from(means.subarray(i * days, i * days + (filled[i] ?? 0)))),
      slot,
      sum,
      count,
    }),
  };
}
