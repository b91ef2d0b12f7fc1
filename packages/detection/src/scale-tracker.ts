import { madOfSorted } from './robust.ts';

/** Center and scale of a long past in little memory: a sorted window of samples taken ever more sparsely. */
export interface ScaleTracker {
  readonly size: () => number;
  /** Distance of a value from the center in robust standard deviations; `capped` when the past never moved. */
  readonly distance: (value: number, capped: number) => number;
  readonly add: (value: number) => void;
  readonly state: () => ScaleTrackerState;
}

export interface ScaleTrackerState {
  readonly seen: number;
  readonly stride: number;
  readonly values: readonly number[];
  readonly center: number;
  readonly scale: number;
  readonly sinceFit: number;
}

/** Samples kept between two looks at the statistics, once there are more than a few. */
const FIT_EVERY = 4;
const FEW = 128;
const CENTER = 0;
const SCALE = 1;

/**
 * Remembers up to `span` samples by at most `capacity` of them, which must divide it: all of a short past, and each time
 * the memory is full every other sample, until the span is reached and the oldest go. The statistics are computed anew
 * only after some were kept, so that the cost per sample stays well below a microsecond.
 */
export function createScaleTracker(capacity: number, span: number, state?: ScaleTrackerState): ScaleTracker {
  const ring = new Float64Array(capacity);
  const sorted = new Float64Array(capacity);
  let size = 0;
  let next = 0;
  let stride = 1;
  let seen = 0;
  let sinceFit = FIT_EVERY;
  const cells = Float64Array.of(state?.center ?? 0, state?.scale ?? 0);
  const place = (value: number): number => {
    let low = 0;
    let high = size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const keep = (value: number): void => {
    if (size === capacity) {
      const gone = place(ring[next] ?? 0);
      sorted.copyWithin(gone, gone + 1, size);
      size--;
    }
    const at = place(value);
    sorted.copyWithin(at + 1, at, size);
    sorted[at] = value;
    size++;
    ring[next] = value;
    next = (next + 1) % capacity;
    sinceFit++;
  };
  const oldestFirst = (): number[] =>
    Array.from({ length: size }, (_, i) => ring[(next - size + i + capacity) % capacity] ?? 0);
  const thin = (): void => {
    const past = oldestFirst().filter((_, i) => i % 2 === 0);
    size = 0;
    next = 0;
    for (const value of past) keep(value);
    stride *= 2;
  };
  const refresh = (): void => {
    const center = quantileOf(0.5);
    const mad = 1.4826 * madOfSorted(size === capacity ? sorted : sorted.subarray(0, size), center);
    const span90 = (quantileOf(0.95) - quantileOf(0.05)) / 3.29;
    const span98 = (quantileOf(0.99) - quantileOf(0.01)) / 12;
    cells[CENTER] = center;
    cells[SCALE] = Math.max(mad, span90, span98);
    sinceFit = 0;
  };
  const quantileOf = (p: number): number => {
    const x = (size - 1) * p;
    const i = Math.floor(x);
    const low = sorted[i] ?? 0;
    return i + 1 < size ? low + (x - i) * ((sorted[i + 1] ?? 0) - low) : low;
  };
  for (const value of state?.values ?? []) keep(value);
  if (state) ({ seen, stride, sinceFit } = state);
  return {
    size: () => size,
    distance: (value, capped) => {
      if (sinceFit >= FIT_EVERY || (size < FEW && sinceFit > 0)) refresh();
      const away = Math.abs(value - (cells[CENTER] ?? 0));
      const scale = cells[SCALE] ?? 0;
      if (scale > 0) return away / scale;
      return away > 0 ? capped : 0;
    },
    add: (value) => {
      if (seen % stride === 0) {
        if (size === capacity && stride * capacity < span) thin();
        keep(value);
      }
      seen++;
    },
    state: () => ({
      seen,
      stride,
      values: oldestFirst(),
      center: cells[CENTER] ?? 0,
      scale: cells[SCALE] ?? 0,
      sinceFit,
    }),
  };
}
