import type { RangeAnswer } from '@charter/prometheus';
import { createRegistry } from '@charter/service';
import type { Violation } from '@charter/shared/contracts';
import { describe, expect, test } from 'vitest';
import { prometheusHistory } from '../src/adapters/prometheus-history.ts';
import { createMetrics } from '../src/metrics.ts';
import type { ReadWindow } from '../src/ports.ts';
import { lookAtIncident } from '../src/workers/look-at-incident.ts';
import { processTarget } from './process-target.ts';

const began = Date.parse('2026-03-01T10:00:00Z');
const struckAt = began + 1_200_000;

/** What a source keeps: the store slows down at `struckAt`, recovers ten minutes later, and the web front waits for it. */
function valueAt(query: string, atMs: number): number {
  const wobble = 0.01 * ((atMs / 1_000) % 7);
  const struck = atMs >= struckAt && atMs < struckAt + 600_000;
  return (query.includes('store') ? 0.1 : 0.2) + wobble + (struck ? 1 : 0);
}

/** A source whose memory is `until`: later it knows more, but says the same about the past. */
function sourceUntil(until: number) {
  return {
    range: async (query: string, span: { from: string; to: string; stepSeconds: number }): Promise<RangeAnswer> => {
      const timestampsMs: number[] = [];
      const to = Math.min(until, Date.parse(span.to));
      for (let at = Date.parse(span.from); at <= to; at += span.stepSeconds * 1_000) timestampsMs.push(at);
      const values = timestampsMs.map((at) => valueAt(query, at));
      return { kind: 'matrix', series: [{ labels: {}, timestampsMs, values }], hints: [] };
    },
  };
}

const pack = { rules: [], signals: [], targets: [processTarget('web', ['store']), processTarget('store', [])] };

const violation: Violation = {
  id: '01JNAAAAAAAAAAAAAAAAAAAAAA',
  fingerprint: '0123456789abcdef0123456789abcdef',
  episode: 1,
  revision: 1,
  incidentId: '01JNAAAAAAAAAAAAAAAAAAAAAB',
  environment: 'production',
  rule: 'latency-high',
  component: 'web',
  metric: 'latency_p95_seconds',
  severity: 'warning',
  state: 'firing',
  value: 1.2,
  threshold: 0.5,
  comparator: '>',
  labels: {},
  description: 'p95 latency above 0.5 s',
  source: 'prometheus',
  query: 'latency',
  startedAt: new Date(struckAt).toISOString(),
  detectedAt: new Date(struckAt).toISOString(),
  resolvedAt: null,
  suppressed: null,
};

const lookWith = (until: number, openedAt: string, firing: readonly Violation[], now: Date) => {
  const options = { windowSeconds: 600, finestStepSeconds: 1, points: 400 };
  const history = prometheusHistory(sourceUntil(until), options, createMetrics(createRegistry('analyze')));
  return lookAtIncident(openedAt, firing, { history, pack: () => pack, mostTargets: 50 }, now);
};

describe('the record of an analysis', () => {
  test('is enough to compute it again, long after, with the same answer', async () => {
    const now = struckAt + 47_613;
    const first = await lookWith(now, violation.startedAt, [violation], new Date(now));
    expect(first.finding).toMatchObject({ verdict: 'determined', rootCauses: [{ component: 'store' }, {}] });

    const record: { windows: ReadWindow[]; violations: Violation[] } = JSON.parse(
      JSON.stringify({ windows: first.windows, violations: [violation] }),
    );
    const upTo = new Date((record.windows[0]?.to ?? 0) * 1_000);
    const again = await lookWith(now + 3_600_000, violation.startedAt, record.violations, upTo);
    expect(again.windows).toEqual(first.windows);
    expect(again.finding).toEqual(first.finding);
  });

  test('names every window: what was asked, from when to when, how finely, and what came of it', async () => {
    const now = struckAt + 30_000;
    const { windows } = await lookWith(now, violation.startedAt, [violation], new Date(now));
    const span = { from: struckAt / 1_000 - 600, to: now / 1_000, stepSeconds: 2, samples: 316, inconclusive: null };
    expect(windows).toEqual([
      { component: 'web', metric: 'latency_p95_seconds', query: 'latency{component="web"}', ...span },
      { component: 'store', metric: 'latency_p95_seconds', query: 'latency{component="store"}', ...span },
    ]);
  });
});
