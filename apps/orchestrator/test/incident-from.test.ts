import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { incidentFrom, type Story } from '../src/domain/incident-from.ts';

const incidentId = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const planId = '01BRZ3NDEKTSV4RRFFQ69G5FAV';

let count = 0;
function entry(event: Story['event'], second: number, data: Story['data'] = {}): Story {
  count += 1;
  return {
    id: `01ARZ3NDEKTSV4RRFFQ69G${String(count).padStart(4, '0')}`,
    incidentId,
    stage: 'monitor',
    event,
    at: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(),
    text: `${event} happened`,
    data,
  };
}

const heal = [
  entry('incident-opened', 0, { component: 'orders', environment: 'demo', severity: 'warning' }),
  entry('analyzed', 1, { rootCause: { component: 'orders', metric: 'memory_ratio', confidence: 0.9 } }),
  entry('planned', 2, { planId, strategy: 'restart-leaking' }),
  entry('execution-started', 3, { executionId: planId }),
  entry('step-completed', 4),
  entry('verifying', 5),
  entry('verified', 8, { outcome: 'success' }),
  entry('incident-cleared', 20),
];

describe('an incident', () => {
  test('is what its timeline says at every moment', () => {
    const states = heal.map((_, index) => incidentFrom(heal.slice(0, index + 1), 900)?.state);
    expect(states).toEqual([
      'open',
      'analyzed',
      'planned',
      'executing',
      'executing',
      'verifying',
      'watching',
      'resolved',
    ]);
    expect(incidentFrom(heal, 900)).toMatchObject({
      component: 'orders',
      strategy: 'restart-leaking',
      outcome: 'success',
      rootCause: { metric: 'memory_ratio' },
      deadlineAt: '2026-01-01T00:15:00.000Z',
      resolvedAt: '2026-01-01T00:00:20.000Z',
    });
  });

  test('comes out the same in whatever order its entries arrive', () => {
    const arrivals = fc.shuffledSubarray(heal, { minLength: heal.length, maxLength: heal.length });
    fc.assert(
      fc.property(arrivals, (arrived) => {
        expect(incidentFrom(arrived, 900)).toEqual(incidentFrom(heal, 900));
      }),
    );
  });

  test('that became part of another stays merged when its own signals clear', () => {
    const merged = [heal[0], entry('merged', 2, { mergedInto: planId }), entry('incident-cleared', 9)];
    expect(
      incidentFrom(
        merged.filter((each) => each !== undefined),
        900,
      ),
    ).toMatchObject({ state: 'merged', mergedInto: planId });
  });

  test('that is over stays over when its verification ends later', () => {
    const late = [...heal, entry('verified', 25, { outcome: 'success' }), entry('learned', 26)];
    expect(incidentFrom(late, 900)).toMatchObject({ state: 'resolved', outcome: 'success' });
  });

  test('takes the worst severity it has seen', () => {
    const worse = entry('violation-changed', 1, { severity: 'critical' });
    const better = entry('violation-changed', 2, { severity: 'info' });
    const story = [...heal.slice(0, 1), worse, better];
    expect(incidentFrom(story, 900)?.severity).toBe('critical');
  });

  test('without any entry is not known', () => {
    expect(incidentFrom([], 900)).toBeNull();
  });
});
