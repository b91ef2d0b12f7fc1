import type { IncidentTuning } from './incident-tuning.ts';
import { type MetricKind, metricKindOf } from './metric-kind.ts';
import { medianOf, quantileOfSorted, sortedCopy, spreadOfSorted } from './robust.ts';
import type { Series } from './series.ts';

/** Kinds that show trouble; traffic, host and log series only help to explain it. */
export const TELLING_KINDS: ReadonlySet<MetricKind> = new Set(['latency', 'saturation', 'success', 'failure']);

/** The recent past of one value without its episodes, and how far the newest is from it. */
export interface Track {
  readonly component: string;
  readonly learn: (time: number, row: ArrayLike<number>) => void;
  readonly forget: () => void;
  /** Robust standard deviations towards trouble; 0 when nothing can be said. */
  readonly deviation: (row: ArrayLike<number>) => number;
  /** Past samples, oldest first. */
  readonly past: () => { readonly times: readonly number[]; readonly values: readonly number[] };
}

/** The track of value `index` of each row. */
export function createTrack(
  { component, metric }: Pick<Series, 'component' | 'metric'>,
  index: number,
  tuning: IncidentTuning,
): Track {
  const kind = metricKindOf(metric);
  const watched = TELLING_KINDS.has(kind) && !component.startsWith('_');
  const sign = kind === 'success' ? -1 : 1;
  const times: number[] = [];
  const values: number[] = [];
  let center = 0;
  let scale = Number.POSITIVE_INFINITY;
  let sinceFit = tuning.refitRows;
  const fit = (): void => {
    sinceFit = 0;
    if (values.length < tuning.minimumRows) return;
    const sorted = sortedCopy(values);
    center = medianOf(sorted);
    const far = Math.max(quantileOfSorted(sorted, 0.99) - center, center - quantileOfSorted(sorted, 0.01));
    const range = (sorted[sorted.length - 1] ?? 0) - (sorted[0] ?? 0);
    scale =
      Math.max(spreadOfSorted(sorted), far / 6, tuning.relativeFloor * Math.abs(center), 0.01 * range) ||
      Number.MIN_VALUE;
  };
  return {
    component,
    learn: (time, row) => {
      const value = row[index] ?? Number.NaN;
      if (!Number.isFinite(value)) return;
      times.push(time);
      values.push(value);
      if (values.length > tuning.historyRows) {
        times.shift();
        values.shift();
      }
      if (watched && ++sinceFit >= tuning.refitRows) fit();
    },
    forget: () => {
      times.length = 0;
      values.length = 0;
      scale = Number.POSITIVE_INFINITY;
    },
    deviation: (row) => {
      const value = row[index] ?? Number.NaN;
      if (!watched || !Number.isFinite(value) || values.length < tuning.minimumRows) return 0;
      if (scale === Number.POSITIVE_INFINITY) fit();
      return (sign * (value - center)) / scale;
    },
    past: () => ({ times, values }),
  };
}
