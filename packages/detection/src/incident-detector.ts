import { type IncidentTuning, incidentTuning } from './incident-tuning.ts';
import { type MetricKind, metricKindOf } from './metric-kind.ts';
import { medianOf, quantileOfSorted, sortedCopy, spreadOfSorted } from './robust.ts';
import { type RootCause, rankRootCauses } from './root-cause.ts';
import type { Series } from './series.ts';
import type { Topology } from './topology.ts';

/** One alarm per episode: when, who is to blame, and why. */
export interface IncidentAlarm {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly component: string;
  readonly metric: string;
  /** Fused score of the best root cause when the alarm was raised. */
  readonly score: number;
  readonly confidence: number;
  readonly rootCauses: readonly RootCause[];
}

export interface IncidentDetector {
  /** Takes one row of values (NaN where missing), in order of time; answers with an alarm when an episode begins. */
  readonly push: (time: number, values: ArrayLike<number>) => IncidentAlarm | undefined;
  readonly inEpisode: () => boolean;
}

export interface IncidentDetectorOptions {
  /** What each value of a row is. */
  readonly identities: readonly Pick<Series, 'component' | 'metric' | 'labels'>[];
  readonly topology?: Topology;
  readonly tuning?: Partial<IncidentTuning>;
}

/**
 * Detects incidents without being told when they begin. A cheap robust test per series looks for values far outside
 * their recent past; only then root causes are ranked, and only a convincing culprit raises an alarm. While an episode
 * lasts nothing is learned and nothing more is raised.
 */
export function createIncidentDetector(options: IncidentDetectorOptions): IncidentDetector {
  const tuning = { ...incidentTuning, ...options.tuning };
  const tracks = options.identities.map((identity) => createTrack(identity, tuning));
  let waiting: Row[] = [];
  let episodeSince: number | undefined;
  let struck = new Set<number>();
  let calmRows = 0;
  const learn = (rows: readonly Row[]): void => {
    for (const { time, values } of rows)
      tracks.forEach((track, j) => {
        track.learn(time, values[j] ?? Number.NaN);
      });
  };
  const suspicion = (values: ArrayLike<number>): { strong: boolean; weak: boolean } => {
    let top = 0;
    tracks.forEach((track, j) => {
      if (episodeSince !== undefined && !struck.has(j)) return;
      top = Math.max(top, track.deviation(values[j] ?? Number.NaN));
    });
    return { strong: top >= tuning.strongDeviation, weak: top >= tuning.weakDeviation };
  };
  const farOut = (component: string, { values }: Row): number[] =>
    tracks.flatMap((track, j) => {
      const far = track.component === component && track.deviation(values[j] ?? Number.NaN) >= tuning.weakDeviation;
      return far ? [j] : [];
    });
  const forgetChanged = ({ values }: Row): void => {
    tracks.forEach((track, j) => {
      if (track.deviation(values[j] ?? Number.NaN) >= tuning.weakDeviation) track.forget();
    });
  };
  const blame = (rows: readonly Row[]) =>
    rankRootCauses({
      detectedAt: rows[0]?.time ?? 0,
      series: tracks.map((track, j) => track.series(rows, j)),
      ...(options.topology ? { topology: options.topology } : {}),
    });
  return {
    inEpisode: () => episodeSince !== undefined,
    push: (time, values) => {
      const row = { time, values: Float64Array.from(values) };
      const { strong, weak } = suspicion(row.values);
      if (episodeSince !== undefined) {
        calmRows = weak ? 0 : calmRows + 1;
        const over = calmRows >= tuning.calmRows || time - episodeSince > tuning.longestEpisodeS;
        if (over) {
          if (calmRows < tuning.calmRows) forgetChanged(row);
          episodeSince = undefined;
          waiting = [];
        }
        return undefined;
      }
      if (!weak) {
        learn([...waiting, row]);
        waiting = [];
        return undefined;
      }
      waiting.push(row);
      const enough = waiting.length >= tuning.rowsToAgree;
      if (!strong && !enough) return undefined;
      const answer = blame(waiting);
      const best = answer.rootCauses[0];
      const needed = enough ? tuning.alarmScore : tuning.fastAlarmScore;
      const hit = best === undefined ? [] : farOut(best.component, row);
      const alone = best !== undefined && !isCorroborated(best, tuning);
      if (best === undefined || hit.length === 0 || best.score < needed + (alone ? tuning.aloneScore : 0)) {
        if (waiting.length > tuning.rowsToAgree) learn(waiting.splice(0, 1));
        return undefined;
      }
      episodeSince = time;
      struck = new Set(hit);
      calmRows = 0;
      return {
        at: time,
        component: best.component,
        metric: best.metric,
        score: best.score,
        confidence: best.confidence,
        rootCauses: answer.rootCauses,
      };
    },
  };
}

/** A busy or failing component, or one that is slow in two ways; one quantile that jumps is often just that. */
function isCorroborated(cause: RootCause, tuning: IncidentTuning): boolean {
  const telling = cause.evidence.filter(({ series, deviation }) => {
    const kind = metricKindOf(series.slice(series.indexOf('#') + 1).replace(/\{.*$/, ''));
    return WATCHED.has(kind) && Math.abs(deviation) >= tuning.corroboratingDeviation;
  });
  return telling.length > 1 || metricKindOf(cause.metric) !== 'latency';
}

/** Kinds that show trouble; traffic, host and log series only help to explain it. */
const WATCHED: ReadonlySet<MetricKind> = new Set(['latency', 'saturation', 'success', 'failure']);

interface Row {
  readonly time: number;
  readonly values: Float64Array;
}

/** The recent past of one series without its episodes. */
function createTrack(identity: IncidentDetectorOptions['identities'][number], tuning: IncidentTuning) {
  const kind = metricKindOf(identity.metric);
  const watched =
    (kind === 'latency' || kind === 'saturation' || kind === 'success' || kind === 'failure') &&
    !identity.component.startsWith('_');
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
    component: identity.component,
    learn: (time: number, value: number): void => {
      if (!Number.isFinite(value)) return;
      times.push(time);
      values.push(value);
      if (values.length > tuning.historyRows) {
        times.shift();
        values.shift();
      }
      if (watched && ++sinceFit >= tuning.refitRows) fit();
    },
    forget: (): void => {
      times.length = 0;
      values.length = 0;
      scale = Number.POSITIVE_INFINITY;
    },
    deviation: (value: number): number => {
      if (!watched || !Number.isFinite(value) || values.length < tuning.minimumRows) return 0;
      if (scale === Number.POSITIVE_INFINITY) fit();
      return (sign * (value - center)) / scale;
    },
    series: (rows: readonly Row[], index: number): Series => ({
      ...identity,
      timestamps: [...times, ...rows.map((row) => row.time)],
      values: [...values, ...rows.map((row) => row.values[index] ?? Number.NaN)],
    }),
  };
}
