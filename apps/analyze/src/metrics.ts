import type { Registry } from '@charter/service';
import type { Analysis } from '@charter/shared/contracts';
import { Counter, Gauge, Histogram } from 'prom-client';

export interface AnalyzeMetrics {
  analyzed(analysis: Analysis, seconds: number): void;
  windowRead(result: string): void;
  beat(): void;
}

export function createMetrics(registry: Registry): AnalyzeMetrics {
  const registers = [registry];
  const analyses = new Counter({
    name: 'charter_analyze_analyses_total',
    help: 'Analyses by verdict.',
    labelNames: ['verdict'],
    registers,
  });
  const patterns = new Counter({
    name: 'charter_analyze_patterns_total',
    help: 'Patterns found.',
    labelNames: ['kind'],
    registers,
  });
  const duration = new Histogram({
    name: 'charter_analyze_analysis_duration_seconds',
    help: 'Time to analyze one incident, history included.',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
    registers,
  });
  const windows = new Counter({
    name: 'charter_analyze_windows_total',
    help: 'Windows of history asked for, by result.',
    labelNames: ['result'],
    registers,
  });
  const heartbeat = new Gauge({
    name: 'charter_analyze_heartbeat_timestamp_seconds',
    help: 'When the stage last looked for work.',
    registers,
  });
  return {
    analyzed(analysis, seconds) {
      analyses.inc({ verdict: analysis.mergedInto === null ? analysis.verdict : 'merged' });
      for (const { kind } of analysis.patterns) patterns.inc({ kind });
      duration.observe(seconds);
    },
    windowRead: (result) => windows.inc({ result }),
    beat: () => heartbeat.set(Date.now() / 1_000),
  };
}
