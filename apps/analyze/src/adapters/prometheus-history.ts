import type { Series } from '@charter/detection';
import type { Prometheus } from '@charter/prometheus';
import type { Target } from '@charter/shared/contracts';
import type { AnalyzeMetrics } from '../metrics.ts';
import type { ReadWindow, SignalHistory } from '../ports.ts';

export interface HistoryOptions {
  readonly windowSeconds: number;
  readonly finestStepSeconds: number;
  readonly points: number;
}

/** Labels that tell which part of a component a series is of; the rest of its labels only names the scrape. */
const telling = ['peer', 'side', 'source', 'destination', 'level', 'host', 'deploy', 'version', 'replica', 'code'];

/** History of signals from Prometheus by range queries; the client bounds how many run at once. */
export function prometheusHistory(
  prometheus: Pick<Prometheus, 'range'>,
  options: HistoryOptions,
  metrics: Pick<AnalyzeMetrics, 'windowRead'>,
): SignalHistory {
  return {
    async around(targets, detectedAt, now) {
      const to = Math.floor(Date.parse(now) / 1_000);
      const from = Math.floor(Date.parse(detectedAt) / 1_000) - options.windowSeconds;
      const stepSeconds = Math.max(options.finestStepSeconds, Math.ceil((to - from) / options.points));
      const asked = targets.flatMap((target) => target.signals.map((signal) => ({ target, signal })));
      const read = await Promise.all(
        asked.map(async ({ target, signal }) => {
          const answer = await prometheus.range(signal.query, {
            from: new Date(from * 1_000).toISOString(),
            to: new Date(to * 1_000).toISOString(),
            stepSeconds,
          });
          metrics.windowRead(answer.kind === 'matrix' ? 'read' : answer.reason);
          const series =
            answer.kind === 'matrix' ? answer.series.map((each) => seriesFrom(target, signal.name, each)) : [];
          const window: ReadWindow = {
            component: target.metadata.name,
            metric: signal.name,
            query: signal.query,
            from,
            to,
            stepSeconds,
            samples: series.reduce((sum, { values }) => sum + values.length, 0),
            inconclusive: answer.kind === 'matrix' ? null : `${answer.reason}: ${answer.detail}`,
          };
          return { series, window };
        }),
      );
      return { series: read.flatMap(({ series }) => series), windows: read.map(({ window }) => window) };
    },
  };
}

function seriesFrom(
  target: Target,
  metric: string,
  {
    labels,
    timestampsMs,
    values,
  }: { labels: Readonly<Record<string, string>>; timestampsMs: readonly number[]; values: readonly number[] },
): Series {
  const kept = Object.entries(labels).filter(([name]) => telling.includes(name));
  return {
    component: target.metadata.name,
    metric,
    ...(kept.length > 0 ? { labels: Object.fromEntries(kept) } : {}),
    timestamps: timestampsMs.map((ms) => ms / 1_000),
    values,
  };
}
