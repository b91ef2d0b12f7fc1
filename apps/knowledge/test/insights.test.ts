import { emptyTally } from '@charter/learning';
import type { Outcome } from '@charter/shared/contracts';
import { describe, expect, test } from 'vitest';
import { adaptationFrom } from '../src/domain/adaptation-from.ts';
import { insightsFrom } from '../src/domain/insights-from.ts';
import { leftAlone } from './fixtures.ts';
import { at, halfLife, scaleUp, tallied, times } from './tallied.ts';

describe('insights', () => {
  const kinds = (outcomes: readonly Outcome[]) => insightsFrom(tallied(outcomes), halfLife).map(({ kind }) => kind);

  test('name the best action, the useless one and the harmful one', () => {
    const insights = insightsFrom(
      tallied([...times(20), ...times(16, { ...scaleUp(), type: 'degradation' })]),
      halfLife,
    );
    expect(new Set(insights.map(({ kind }) => kind))).toEqual(
      new Set(['best-action', 'useless-remedy', 'harmful-action']),
    );
    for (const insight of insights) {
      expect(insight.confidence).toBeGreaterThanOrEqual(0.95);
      expect(insight.effect).toBeGreaterThan(0);
      expect(insight.evidence[0]?.trials).toBeGreaterThan(4);
    }
  });

  test('say what heals by itself', () => {
    expect(kinds(Array.from({ length: 12 }, () => leftAlone({ at })))).toEqual(['heals-itself']);
  });

  test('are not drawn from a handful of cases or from a small difference', () => {
    expect(kinds([...times(2), ...times(2, { ...scaleUp(), type: 'ineffective' })])).toEqual([]);
    expect(
      kinds([
        ...times(8),
        ...times(4, { type: 'ineffective' }),
        ...times(7, scaleUp()),
        ...times(5, { ...scaleUp(), type: 'ineffective' }),
      ]),
    ).toEqual([]);
  });

  test('say since when something no longer helps', () => {
    const broken = times(4, { type: 'ineffective', at: '2026-06-02T00:00:00.000Z' });
    const insight = insightsFrom(tallied([...times(30), ...broken]), halfLife).find(({ kind }) => kind === 'changed');
    expect(insight?.text).toMatch(
      /no longer helps against latency_p95_seconds: .*until 2026-06-02T.* 0 % of 4 trials since\.$/,
    );
    expect(insight?.confidence).toBeGreaterThan(0.99);
    expect(kinds(times(30))).not.toContain('changed');
  });

  test('find the target that answers unlike its class', () => {
    const odd = kinds([...times(12, scaleUp('orders')), ...times(12, { ...scaleUp('cache'), type: 'ineffective' })]);
    expect(odd).toContain('odd-target');
  });
});

describe('an adaptation', () => {
  const settings = { adaptTrials: 5, adaptChange: 0.1, adaptStep: 0.2, halfLifeDays: halfLife };
  const tallyOf = (outcomes: readonly Outcome[]) =>
    tallied(outcomes).find(({ kind }) => kind === 'strategy')?.tally ?? emptyTally;

  test('waits for evidence and for a change worth telling', () => {
    expect(adaptationFrom('s', tallyOf(times(4)), null, settings)).toBeNull();
    expect(adaptationFrom('s', tallyOf(times(10)), 0.9, settings)).toBeNull();
    expect(adaptationFrom('s', tallyOf(times(10)), null, settings)?.value).toBeGreaterThan(0.85);
  });

  test('moves one bounded step at a time', () => {
    const failing = tallyOf(times(40, { type: 'ineffective' }));
    expect(adaptationFrom('s', failing, 0.9, settings)).toMatchObject({ value: 0.7, subject: 's' });
    expect(adaptationFrom('s', failing, null, settings)?.value).toBe(0.05);
  });
});
