import type { Target } from '@charter/shared/contracts';
import { describe, expect, test } from 'vitest';
import { declaredTopology, relevantTargets } from '../src/domain/relevant-targets.ts';
import { processTarget } from './process-target.ts';

const targets = [
  processTarget('gateway', ['orders']),
  processTarget('orders', ['database']),
  processTarget('database', []),
  processTarget('reports', ['database']),
  processTarget('mail', []),
];
const names = (found: readonly Target[]) => found.map(({ metadata }) => metadata.name);

describe('targets that can matter to an incident', () => {
  test('are what the component calls and whoever calls those, and nothing else', () => {
    expect(names(relevantTargets(targets, new Set(['orders']), 10))).toEqual([
      'gateway',
      'orders',
      'database',
      'reports',
    ]);
  });

  test('are all of them when the component is not in the pack', () => {
    expect(names(relevantTargets(targets, new Set(['elsewhere']), 10))).toHaveLength(5);
  });

  test('are never more than asked for', () => {
    expect(relevantTargets(targets, new Set(['elsewhere']), 2)).toHaveLength(2);
  });

  test('that call each other in a circle are found once', () => {
    const circle = [processTarget('a', ['b']), processTarget('b', ['a'])];
    expect(names(relevantTargets(circle, new Set(['a']), 10))).toEqual(['a', 'b']);
  });
});

test('the declared call graph has one edge a dependency, or is unknown', () => {
  expect(declaredTopology(targets)?.edges).toContainEqual({ from: 'orders', to: 'database' });
  expect(declaredTopology([processTarget('alone', [])])).toBeNull();
});
