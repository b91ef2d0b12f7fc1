import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createLadder,
  defaultEscalation,
  type EscalationRules,
  type EscalationStep,
  ladderFrom,
  recordAttempt,
  stateOfLadder,
} from '../src/index.ts';

const hour = 3_600_000;
const rules: EscalationRules = { windowMs: hour, levels: defaultEscalation.levels };
const shown = (step: EscalationStep): unknown[] =>
  step.kind === 'counted' ? ['counted', step.attempts] : [step.kind, step.event.severity, step.event.attempt_count];

function climb(times: readonly number[], ladder = createLadder()): unknown[][] {
  return times.map((at) => shown(recordAttempt(ladder, { metric: 'user_location', policy: 'p', at }, rules)));
}

describe('attempts at a forbidden metric', () => {
  test('three make one HIGH event, five raise it to CRITICAL, later ones only raise the count', () => {
    expect(climb([1, 2, 3, 4, 5, 6, 7])).toEqual([
      ['counted', 1],
      ['counted', 2],
      ['opened', 'HIGH', 3],
      ['repeated', 'HIGH', 4],
      ['raised', 'CRITICAL', 5],
      ['repeated', 'CRITICAL', 6],
      ['repeated', 'CRITICAL', 7],
    ]);
  });

  test('keep one key through all steps of one event', () => {
    const ladder = createLadder();
    const keys = [1, 2, 3, 4, 5].flatMap((at) => {
      const step = recordAttempt(ladder, { metric: 'm', policy: 'p', at }, rules);
      return step.kind === 'counted' ? [] : [step.event.key];
    });
    expect(new Set(keys).size).toBe(1);
  });

  test('make nothing when they are spread over more than a window', () => {
    expect(climb([0, 0.6 * hour, 1.2 * hour, 1.8 * hour]).every(([kind]) => kind === 'counted')).toBe(true);
  });

  test('are counted across the edge of a fixed hour', () => {
    expect(climb([0.9 * hour, hour, 1.1 * hour]).at(-1)).toEqual(['opened', 'HIGH', 3]);
  });

  test('start anew when the window of the event has passed', () => {
    expect(climb([1, 2, 3, hour + 1, hour + 2, hour + 3]).slice(3)).toEqual([
      ['counted', 1],
      ['counted', 2],
      ['opened', 'HIGH', 3],
    ]);
  });

  test('are counted for each metric and policy apart', () => {
    const ladder = createLadder();
    const record = (metric: string, policy: string) => shown(recordAttempt(ladder, { metric, policy, at: 1 }, rules));
    expect([record('a', 'p'), record('a', 'q'), record('b', 'p'), record('a', 'p')].map(([, count]) => count)).toEqual([
      1, 1, 1, 2,
    ]);
  });

  test('follow the levels of the document', () => {
    const own = {
      windowMs: hour,
      levels: [
        { name: 'LOW', threshold: 1, action: 'NOTE' },
        { name: 'TOP', threshold: 2, action: null },
      ],
    };
    const ladder = createLadder();
    const steps = [1, 2].map((at) => recordAttempt(ladder, { metric: 'm', policy: 'p', at }, own));
    expect(steps.map(shown)).toEqual([
      ['opened', 'LOW', 1],
      ['raised', 'TOP', 2],
    ]);
  });

  test('are forgotten, least recent first, beyond the capacity', () => {
    const ladder = createLadder(100);
    for (let at = 0; at < 5_000; at += 1) recordAttempt(ladder, { metric: `m${String(at)}`, policy: 'p', at }, rules);
    expect(ladder.rungs.size).toBe(100);
    expect(shown(recordAttempt(ladder, { metric: 'm4999', policy: 'p', at: 5_000 }, rules))).toEqual(['counted', 2]);
    expect(shown(recordAttempt(ladder, { metric: 'm0', policy: 'p', at: 5_000 }, rules))).toEqual(['counted', 1]);
  });
});

test('a ladder restored from its state goes on where it was', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(2 * hour)), { maxLength: 30 }),
      fc.nat(30),
      (attempts, cut) => {
        const ordered = attempts.map(([metric, at]) => ({ metric, policy: 'p', at })).sort((x, y) => x.at - y.at);
        const whole = createLadder();
        const expected = ordered.map((attempt) => recordAttempt(whole, attempt, rules));
        const before = createLadder();
        const first = ordered.slice(0, cut).map((attempt) => recordAttempt(before, attempt, rules));
        const after = ladderFrom(JSON.parse(JSON.stringify(stateOfLadder(before))));
        if (after === null) throw new Error('not restored');
        expect([...first, ...ordered.slice(cut).map((attempt) => recordAttempt(after, attempt, rules))]).toEqual(
          expected,
        );
      },
    ),
  );
  expect(ladderFrom({ rungs: 'x' })).toBeNull();
});
