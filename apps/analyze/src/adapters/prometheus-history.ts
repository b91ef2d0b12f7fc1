import type { Series } from '@charter/detection';
import type { Prometheus, RangeAnswer } from '@charter/prometheus';
import type { Target } from '@charter/shared/contracts';
import { acceptedBy } from '../domain/accepted-values.ts';
import type { AnalyzeMetrics } from '../metrics.ts';
import type { AnalyzedPack, SignalHistory } from '../ports.ts';

export interface HistoryOptions {
  readonly windowSeconds: number;
  readonly finestStepSeconds: number;
  readonly points: number;
}

/** One query to ask, and how to tell from a series' labels which component it is of. */
interface Question {
  readonly metric: string;
  readonly query: string;
  readonly component: string | null;
  readonly componentOf: (labels: Labels) => string | undefined;
  readonly accepted: Series['accepted'];
}

type Labels = Readonly<Record<string, string>>;
type MatrixSeries = Extract<RangeAnswer, { kind: 'matrix' }>['series'][number];

/** Labels that only say where a series was scraped from. */
const ofTheScrape = new Set(['__name__', 'job', 'instance', 'service', 'monitor', 'cluster', 'prometheus']);

/** History of signals from Prometheus by range queries; the client bounds how many run at once. */
export function prometheusHistory(
  prometheus: Pick<Prometheus, 'range'>,
  options: HistoryOptions,
  metrics: Pick<AnalyzeMetrics, 'windowRead'>,
): SignalHistory {
  return {
    async around(pack, targets, detectedAt, now) {
      const to = Math.floor(Date.parse(now) / 1_000);
      const from = Math.floor(Date.parse(detectedAt) / 1_000) - options.windowSeconds;
      const stepSeconds = Math.max(options.finestStepSeconds, Math.ceil((to - from) / options.points));
      const span = { from: new Date(from * 1_000).toISOString(), to: new Date(to * 1_000).toISOString(), stepSeconds };
      const wanted = new Set(targets.map(({ metadata }) => metadata.name));
      const read = await Promise.all(
        questionsOf(pack, targets).map(async (question) => {
          const answer = await prometheus.range(question.query, span);
          metrics.windowRead(answer.kind === 'matrix' ? 'read' : answer.reason);
          const series = answer.kind === 'matrix' ? seriesOf(question, answer.series, wanted) : [];
          const { component, metric, query } = question;
          const samples = series.reduce((sum, { values }) => sum + values.length, 0);
          const inconclusive = answer.kind === 'matrix' ? null : `${answer.reason}: ${answer.detail}`;
          return { series, window: { component, metric, query, from, to, stepSeconds, samples, inconclusive } };
        }),
      );
      return { series: read.flatMap(({ series }) => series), windows: read.map(({ window }) => window) };
    },
  };
}

function questionsOf({ rules, signals }: AnalyzedPack, targets: readonly Target[]): Question[] {
  const byRules = rules.flatMap(({ metric, query, component = null, componentLabel, ...limit }): Question[] =>
    query === undefined
      ? []
      : [
          {
            metric,
            query,
            component,
            componentOf: (labels) => component ?? labels[componentLabel],
            accepted: acceptedBy(limit),
          },
        ],
  );
  const bySignals = signals.map(
    ({ metadata, query, componentLabel }): Question => ({
      metric: metadata.name,
      query,
      component: null,
      componentOf: (labels) => labels[componentLabel],
      accepted: undefined,
    }),
  );
  const own = targets.flatMap(({ metadata: { name }, signals: watched }) =>
    watched.map(
      (watch): Question => ({
        metric: watch.name,
        query: watch.query,
        component: name,
        componentOf: () => name,
        accepted: undefined,
      }),
    ),
  );
  const asked = new Set<string>();
  return [...byRules, ...bySignals, ...own].filter(({ metric, query, component }) => {
    const key = JSON.stringify([metric, query, component]);
    return !asked.has(key) && asked.add(key);
  });
}

function seriesOf(question: Question, found: readonly MatrixSeries[], wanted: ReadonlySet<string>): Series[] {
  return found.flatMap(({ labels, timestampsMs, values }) => {
    const component = question.componentOf(labels);
    if (component === undefined || !wanted.has(component)) return [];
    const telling = Object.entries(labels).filter(([name, value]) => !ofTheScrape.has(name) && value !== component);
    return [
      {
        component,
        metric: question.metric,
        ...(telling.length > 0 ? { labels: Object.fromEntries(telling) } : {}),
        ...(question.accepted === undefined ? {} : { accepted: question.accepted }),
        timestamps: timestampsMs.map((ms) => ms / 1_000),
        values,
      },
    ];
  });
}
