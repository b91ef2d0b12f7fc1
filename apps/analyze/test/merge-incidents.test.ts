import type { RootCause } from '@charter/shared/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeTargetOf, type OpenIncident } from '../src/domain/merge-incidents.ts';

const incident = (id: string, component: string, second: number, blames: string | null = null): OpenIncident => ({
  id,
  environment: 'demo',
  component,
  openedAt: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(),
  mergedInto: null,
  blames: blames === null ? null : { component: blames, metric: 'latency' },
});
const cause = (component: string): RootCause => ({ component, metric: 'latency', confidence: 0.9, evidence: [] });

const gateway = incident('A', 'gateway', 0);
const orders = incident('B', 'orders', 1);
const database = incident('C', 'database', 2);

describe('an incident', () => {
  test('whose cause lies in itself stands alone', () => {
    expect(mergeTargetOf(gateway, cause('gateway'), [orders, database])).toBeNull();
  });

  test('merges into the open incident of the component it blames, also a younger one', () => {
    expect(mergeTargetOf(gateway, cause('database'), [gateway, orders, database])).toBe('C');
  });

  test('merges into the oldest that blames the same when the culprit has no incident of its own', () => {
    const older = { ...gateway, blames: { component: 'cache', metric: 'latency' } };
    expect(mergeTargetOf(orders, cause('cache'), [older, orders, database])).toBe('A');
    expect(
      mergeTargetOf(older, cause('cache'), [{ ...orders, blames: { component: 'cache', metric: 'x' } }]),
    ).toBeNull();
  });

  test('never merges into one that is itself part of another, or of another environment', () => {
    expect(mergeTargetOf(gateway, cause('database'), [{ ...database, mergedInto: 'B' }])).toBeNull();
    expect(mergeTargetOf(gateway, cause('database'), [{ ...database, environment: 'prod' }])).toBeNull();
  });

  test('and another with a common cause never merge into each other', () => {
    const components = fc.constantFrom('gateway', 'orders', 'database', 'cache');
    const open = fc
      .tuple(components, components, fc.nat(5))
      .map(([component, blamed, second]) => ({ component, blamed, second }));
    fc.assert(
      fc.property(open, open, (a, b) => {
        const first = incident('A', a.component, a.second, a.blamed);
        const second = incident('B', b.component, b.second, b.blamed);
        const both = [first, second];
        const ends = [mergeTargetOf(first, cause(a.blamed), both), mergeTargetOf(second, cause(b.blamed), both)];
        fc.pre(!(a.blamed === b.component && b.blamed === a.component));
        expect(ends).not.toEqual(['B', 'A']);
      }),
    );
  });
});
