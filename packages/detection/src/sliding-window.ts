import { madOfSorted, quantileOfSorted } from './robust.ts';

/** The newest `capacity` values, also kept in order of size. Adding is O(capacity) by one memory move, without allocation. */
export interface SlidingWindow {
  readonly size: () => number;
  readonly add: (value: number) => void;
  readonly quantile: (p: number) => number;
  readonly mad: (center: number) => number;
  /** Share of the values that are smaller, counting equal ones half. */
  readonly rankOf: (value: number) => number;
  readonly oldestFirst: () => number[];
}

export function createSlidingWindow(capacity: number, initial: readonly number[] = []): SlidingWindow {
  const ring = new Float64Array(capacity);
  const sorted = new Float64Array(capacity);
  let size = 0;
  let next = 0;
  const lowerBound = (value: number): number => {
    let low = 0;
    let high = size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const add = (value: number): void => {
    if (size === capacity) {
      const gone = lowerBound(ring[next] ?? 0);
      sorted.copyWithin(gone, gone + 1, size);
      size--;
    }
    const at = lowerBound(value);
    sorted.copyWithin(at + 1, at, size);
    sorted[at] = value;
    size++;
    ring[next] = value;
    next = (next + 1) % capacity;
  };
  for (const value of initial) add(value);
  return {
    size: () => size,
    add,
    quantile: (p) => quantileOfSorted(sorted.subarray(0, size), p),
    mad: (center) => madOfSorted(sorted.subarray(0, size), center),
    rankOf: (value) => {
      const below = lowerBound(value);
      let equal = 0;
      while (below + equal < size && sorted[below + equal] === value) equal++;
      return size === 0 ? 0.5 : (below + equal / 2) / size;
    },
    oldestFirst: () => Array.from({ length: size }, (_, i) => ring[(next - size + i + 2 * capacity) % capacity] ?? 0),
  };
}
