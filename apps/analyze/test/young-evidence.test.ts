import { describe, expect, test } from 'vitest';
import type { Finding } from '../src/domain/find-cause.ts';
import { isWorthAnotherLook } from '../src/domain/look-again.ts';
import { temperYoung } from '../src/domain/young-evidence.ts';

const causeWith = (component: string, confidence: number, deviation: number | null) => ({
  component,
  metric: 'latency_ratio',
  confidence,
  evidence: [
    { series: `${component}#latency_ratio`, changedAt: null, before: 1, after: 2, deviation, text: 'it rose' },
  ],
});

const findingOf = (...rootCauses: Finding['rootCauses']): Finding => ({
  verdict: 'determined',
  patterns: [],
  rootCauses,
  recommendations: [],
  confidence: rootCauses[0]?.confidence ?? 0,
});

describe('a look at evidence that is hardly there yet', () => {
  test('takes what moved no further than chance would for worth another look, not for worth acting on', () => {
    const young = temperYoung(findingOf(causeWith('database', 0.83, 4.04)), 0);
    expect(young.confidence).toBe(0.5);
    expect(young.rootCauses[0]).toMatchObject({ component: 'database', confidence: 0.5 });
    expect(isWorthAnotherLook({ ...young, revision: 1 })).toBe(true);
  });

  test('trusts what moved far, downwards too, and what was not measured', () => {
    for (const deviation of [40, -12, null]) {
      const finding = findingOf(causeWith('orders', 0.95, deviation));
      expect(temperYoung(finding, 0)).toEqual(finding);
    }
  });

  test('trusts the same finding at the second look', () => {
    const finding = findingOf(causeWith('database', 0.83, 4.04));
    expect(temperYoung(finding, 2)).toEqual(finding);
  });

  test('leaves the sure one sure where a lesser suspect is tempered', () => {
    const young = temperYoung(findingOf(causeWith('orders', 0.9, 30), causeWith('database', 0.7, 3)), 1);
    expect(young.confidence).toBe(0.9);
    expect(young.rootCauses.map(({ confidence }) => confidence)).toEqual([0.9, 0.5]);
  });
});
