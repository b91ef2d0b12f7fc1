import { type IncidentTuning, incidentTuning } from './incident-tuning.ts';
import { metricKindOf } from './metric-kind.ts';
import { type RootCause, rankRootCauses } from './root-cause.ts';
import type { Series } from './series.ts';
import type { Topology } from './topology.ts';
import { createTrack, TELLING_KINDS, type Track } from './track.ts';

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

type Identity = Pick<Series, 'component' | 'metric' | 'labels'>;

export interface IncidentDetectorOptions {
  /** What each value of a row is. */
  readonly identities: readonly Identity[];
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
  const { identities } = options;
  const tracks = identities.map((identity, j) => createTrack(identity, j, tuning));
  const muted = new Set<Track>();
  let waiting: Row[] = [];
  let episode: { readonly since: number; readonly struck: readonly Track[]; calmRows: number } | undefined;
  const isFar = (track: Track, { values }: Row): boolean => track.deviation(values) >= tuning.weakDeviation;
  const learn = (rows: readonly Row[]): void => {
    for (const { time, values } of rows) for (const track of tracks) track.learn(time, values);
  };
  /** What an episode left behind is not news; it is heard again once it was calm. */
  const unmute = (row: Row): void => {
    for (const track of muted) if (!isFar(track, row)) muted.delete(track);
  };
  const endEpisode = (row: Row, becameNormal: boolean): void => {
    for (const track of tracks) {
      if (!isFar(track, row)) continue;
      if (becameNormal) track.forget();
      else muted.add(track);
    }
    episode = undefined;
    waiting = [];
  };
  const blame = (rows: readonly Row[]) =>
    rankRootCauses(
      {
        detectedAt: rows[0]?.time ?? 0,
        series: tracks.map((track, j) => seriesOf(identities[j], track, rows, j)),
        ...(options.topology ? { topology: options.topology } : {}),
      },
      { tuning: { guardSteps: 0 } },
    );
  return {
    inEpisode: () => episode !== undefined,
    push: (time, values) => {
      const row = { time, values: Float64Array.from(values) };
      if (episode) {
        const calm = !episode.struck.some((track) => isFar(track, row));
        episode.calmRows = calm ? episode.calmRows + 1 : 0;
        if (episode.calmRows >= tuning.calmRows) endEpisode(row, false);
        else if (time - episode.since > tuning.longestEpisodeS) endEpisode(row, true);
        return undefined;
      }
      unmute(row);
      const heard = tracks.filter((track) => !muted.has(track));
      const top = heard.reduce((most, track) => Math.max(most, track.deviation(row.values)), 0);
      if (top < tuning.weakDeviation) {
        learn([...waiting, row]);
        waiting = [];
        return undefined;
      }
      waiting.push(row);
      const enough = waiting.length >= tuning.rowsToAgree;
      if (top < tuning.strongDeviation && !enough) return undefined;
      const { rootCauses } = blame(waiting);
      const [best] = rootCauses;
      const struck = heard.filter(
        (track) => best !== undefined && track.component === best.component && isFar(track, row),
      );
      if (!best || struck.length === 0 || !isConvincing(best, enough, tuning)) {
        if (waiting.length > tuning.rowsToAgree) learn(waiting.splice(0, 1));
        return undefined;
      }
      episode = { since: time, struck, calmRows: 0 };
      const { component, metric, score, confidence } = best;
      return { at: time, component, metric, score, confidence, rootCauses };
    },
  };
}

interface Row {
  readonly time: number;
  readonly values: Float64Array;
}

function seriesOf(identity: Identity | undefined, track: Track, rows: readonly Row[], index: number): Series {
  const { times, values } = track.past();
  return {
    ...(identity ?? { component: '', metric: '' }),
    timestamps: [...times, ...rows.map((row) => row.time)],
    values: [...values, ...rows.map((row) => row.values[index] ?? Number.NaN)],
  };
}

/** A single family of latencies that jumps is often just that: it must last, and stand out more. */
function isConvincing(cause: RootCause, lasted: boolean, tuning: IncidentTuning): boolean {
  const needed = lasted ? tuning.alarmScore : tuning.fastAlarmScore;
  if (isCorroborated(cause, tuning)) return cause.score >= needed;
  return lasted && cause.score >= needed + tuning.aloneScore;
}

/** A busy or failing component, or one that is slow in two ways, by an amount that matters to somebody. */
function isCorroborated({ evidence }: RootCause, tuning: IncidentTuning): boolean {
  const telling = evidence
    .filter(({ from, to, deviation }) => {
      const material = Math.abs(to - from) >= tuning.materialShare * Math.abs(from);
      return material && Math.abs(deviation) >= tuning.corroboratingDeviation;
    })
    .map(({ series }) => metricKindOf(series.slice(series.indexOf('#') + 1).replace(/\{.*$/, '')))
    .filter((kind) => TELLING_KINDS.has(kind));
  return telling.length > 1 || telling.some((kind) => kind !== 'latency');
}
