import { describe, expect, test } from 'vitest';
import { findCause } from '../src/domain/find-cause.ts';
import { loneLeafCause } from '../src/domain/lone-leaf.ts';

const fact = (component: string, metric = 'memory_ratio', at = 100) =>
  ({ id: `${component}-${metric}`, component, metric, at, severity: 'warning' }) as const;

describe('a component that alone breaks its rule', () => {
  test('and calls nothing is its own root cause, by the metric that broke first', () => {
    const violations = [fact('server', 'up', 105), fact('server', 'memory_ratio', 100)];
    expect(loneLeafCause(violations, null)).toMatchObject({ component: 'server', metric: 'memory_ratio' });
  });

  test('but calls another may only show what that one does', () => {
    expect(loneLeafCause([fact('server')], { edges: [{ from: 'server', to: 'database' }] })).toBeNull();
    expect(loneLeafCause([fact('database')], { edges: [{ from: 'server', to: 'database' }] })).not.toBeNull();
  });

  test('is not alone when another breaks one too', () => {
    expect(loneLeafCause([fact('server'), fact('other')], null)).toBeNull();
  });

  test('needs no past to be named', () => {
    const timestamps = [98, 99, 100, 101];
    const series = [{ component: 'server', metric: 'memory_ratio', timestamps, values: [0.8, 1.1, 1.4, 1.7] }];
    const violations = [fact('server')];
    const found = findCause({ detectedAt: 100, violations, series, topology: null, symptom: { component: 'server' } });
    expect(found).toMatchObject({ verdict: 'determined', rootCauses: [{ component: 'server' }] });
    expect(found.confidence).toBeGreaterThanOrEqual(0.6);
  });
});

test('series alone, without a violation, get no floor', () => {
  expect(loneLeafCause([], null)).toBeNull();
});
