import { ActionType, type Decision } from '@charter/shared/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { callFrom, guaranteeFor, isApplied, undoOf } from '../src/domain/actuation.ts';
import { charged, firstExhausted, type Ledger, riskOf, spentWithin } from '../src/domain/budget.ts';
import { judgeDecision } from '../src/domain/charter-verdict.ts';
import { ExecutionState, mayBecome, type StepFacts, stepKey } from '../src/domain/execution.ts';
import { type ExecutionFacts, nextMove } from '../src/domain/next-move.ts';
import { stricterThan } from '../src/domain/obligations.ts';
import { defaultSettings } from '../src/domain/settings.ts';
import { specHash } from '../src/domain/spec.ts';
import { orderSteps } from '../src/domain/step-order.ts';
import { stepBrake } from '../src/domain/storm-brake.ts';
import { judgeTrigger } from '../src/domain/trigger.ts';
import { actionFrom, planFrom, violated } from './drafts.ts';

describe('the order of steps', () => {
  test('follows dependencies, and the plan where there are none', () => {
    const ids = (drafts: [string, string[]][]) => {
      const order = orderSteps(drafts.map(([id, dependsOn]) => actionFrom({ id, action: 'SCALE_UP', dependsOn })));
      return order.kind === 'ordered' ? order.actions.map(({ id }) => id) : order.reason;
    };
    expect(
      ids([
        ['a', []],
        ['b', []],
      ]),
    ).toEqual(['a', 'b']);
    expect(
      ids([
        ['a', ['c']],
        ['b', []],
        ['c', ['b']],
      ]),
    ).toEqual(['b', 'c', 'a']);
    expect(
      ids([
        ['a', ['b']],
        ['b', ['a']],
      ]),
    ).toContain('circle');
    expect(ids([['a', ['z']]])).toContain('z');
    expect(
      ids([
        ['a', []],
        ['a', []],
      ]),
    ).toContain('share an id');
  });
});

describe('what an action did can be taken back', () => {
  const spec = {
    replicas: 3,
    limitRequestsPerSecond: null,
    weights: { a: 1, b: 1 },
    config: { workers: 8, mode: 'strict' },
    policyVersion: 'v1',
    bypassUntil: null,
    overrideUntil: null,
  };
  test.each([
    ['SCALE_UP', { replicas: 6 }, { replicas: 3 }],
    ['SCALE_DOWN', { replicas: 1 }, { replicas: 3 }],
    ['THROTTLE_REQUESTS', { requestsPerSecond: 10 }, { requestsPerSecond: null }],
    ['REBALANCE_LOAD', { weights: { a: 0, b: 1 } }, { weights: { a: 1, b: 1 } }],
    ['UPDATE_CONFIGURATION', { key: 'workers', value: 16 }, { key: 'workers', value: 8 }],
    ['APPLY_POLICY', { version: 'v2' }, { version: 'v1' }],
    ['BYPASS_VALIDATION', { ttlSeconds: 60 }, { ttlSeconds: 0 }],
    ['ACTIVATE_EMERGENCY_OVERRIDE', { ttlSeconds: 60 }, { ttlSeconds: 0 }],
  ] as const)('%s', (action, parameters, undo) => {
    const call = callFrom({ action, parameters });
    expect(undoOf(call, spec)?.body).toEqual(undo);
    expect(isApplied(call, spec)).toBe(false);
    const back = undoOf(call, spec);
    expect(back === null ? null : isApplied(back, spec)).toBe(true);
  });
  test('a restart cannot, and neither can anything on a target that does not read back', () => {
    expect(undoOf(callFrom({ action: 'RESTART_SERVICE', parameters: {} }), spec)).toBeNull();
    for (const action of ActionType.options) expect(undoOf(callFrom({ action, parameters: {} }), null)).toBeNull();
  });
  test('without keys only a setting that reads back may be sent again', () => {
    const scale = callFrom({ action: 'SCALE_UP', parameters: { replicas: 6 } });
    const restart = callFrom({ action: 'RESTART_SERVICE', parameters: {} });
    expect(guaranteeFor('set-point', scale, spec)).toBe('set-point');
    expect(guaranteeFor('set-point', restart, spec)).toBe('at-most-once');
    expect(guaranteeFor('set-point', scale, null)).toBe('at-most-once');
    expect(guaranteeFor('keyed', restart, null)).toBe('keyed');
  });
  test('the hash of settings does not depend on the order of keys, and tells every difference', () => {
    expect(specHash({ a: 1, b: { c: [1, 2], d: null } })).toBe(specHash({ b: { d: null, c: [1, 2] }, a: 1 }));
    expect(specHash({ a: [1, 2] })).not.toBe(specHash({ a: [2, 1] }));
    expect(specHash({ a: '1' })).not.toBe(specHash({ a: 1 }));
  });
  test('keys of steps are unique and fit a header', () => {
    const name = fc.string({ minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(stepKey('E', a, 'undo')).toMatch(/^[\x21-\x7e]{1,150}$/);
        expect(stepKey('E', a, 'undo') === stepKey('E', b, 'undo')).toBe(a === b);
      }),
    );
  });
});

describe('the next move', () => {
  const facts = (rest: Partial<ExecutionFacts> = {}): ExecutionFacts => ({
    state: 'in_progress',
    phase: 'acting',
    requested: null,
    order: ['one', 'two'],
    steps: [],
    triggerGone: false,
    verdict: null,
    undoReason: null,
    isLate: false,
    ...rest,
  });
  const step = (
    actionId: string,
    state: StepFacts['state'],
    direction: StepFacts['direction'] = 'forward',
    undoable = true,
  ): StepFacts => ({
    actionId,
    direction,
    state,
    undoable,
  });

  test.each([
    ['takes the first step', {}, { kind: 'take', actionId: 'one' }],
    ['takes the next after one that is done', { steps: [step('one', 'done')] }, { kind: 'take', actionId: 'two' }],
    [
      'arms again what was intended and not sent',
      { steps: [step('one', 'intended')] },
      { kind: 'take', actionId: 'one' },
    ],
    [
      'settles what was sent before anything else',
      { steps: [step('one', 'started')], requested: 'cancel' },
      { kind: 'settle' },
    ],
    ['verifies when all is done', { steps: [step('one', 'done'), step('two', 'done')] }, { kind: 'verify' }],
    [
      'verifies when the trigger went away on the way',
      { steps: [step('one', 'done')], triggerGone: true },
      { kind: 'verify' },
    ],
    ['turns back when a step failed', { steps: [step('one', 'done'), step('two', 'failed')] }, { kind: 'turn-back' }],
    [
      'ends when the first step failed',
      { steps: [step('one', 'failed')] },
      { kind: 'end', ending: { state: 'failed' } },
    ],
    [
      'turns back on degradation',
      { steps: [step('one', 'done')], verdict: { type: 'degradation', reason: '' } },
      { kind: 'turn-back' },
    ],
    [
      'ends on any other verdict',
      { verdict: { type: 'partial', reason: '' } },
      { kind: 'end', ending: { state: 'completed', type: 'partial' } },
    ],
    [
      'asks a person on unknown',
      { verdict: { type: 'unknown', reason: '' } },
      { kind: 'end', ending: { escalate: true } },
    ],
    [
      'asks a person about an uncertain step',
      { steps: [step('one', 'uncertain')] },
      { kind: 'end', ending: { state: 'uncertain', escalate: true } },
    ],
    ['pauses between two steps', { steps: [step('one', 'done')], requested: 'pause' }, { kind: 'pause' }],
    ['rests while paused', { state: 'paused' }, { kind: 'rest' }],
    [
      'turns back a paused one that is late',
      { state: 'paused', isLate: true, steps: [step('one', 'done')] },
      { kind: 'turn-back' },
    ],
    ['turns back when late', { isLate: true, steps: [step('one', 'done')] }, { kind: 'turn-back' }],
    [
      'cancels what has not begun',
      { state: 'pending', requested: 'cancel' },
      { kind: 'end', ending: { state: 'cancelled', disposition: 'withdrawn' } },
    ],
    [
      'takes back in reverse',
      { phase: 'undoing', steps: [step('one', 'done'), step('two', 'done')] },
      { kind: 'undo', actionId: 'two' },
    ],
    [
      'goes on taking back',
      { phase: 'undoing', steps: [step('one', 'done'), step('two', 'done'), step('two', 'done', 'undo')] },
      { kind: 'undo', actionId: 'one' },
    ],
    [
      'skips what has no undo',
      { phase: 'undoing', steps: [step('one', 'done'), step('two', 'done', 'forward', false)] },
      { kind: 'undo', actionId: 'one' },
    ],
    [
      'stops taking back where someone else changed the target',
      { phase: 'undoing', steps: [step('one', 'done'), step('two', 'done'), step('two', 'refused', 'undo')] },
      { kind: 'end', ending: { state: 'failed', escalate: true } },
    ],
    [
      'ends as rolled back',
      { phase: 'undoing', steps: [step('one', 'done'), step('one', 'done', 'undo')] },
      { kind: 'end', ending: { state: 'rolled_back' } },
    ],
  ] as [string, Partial<ExecutionFacts>, object][])('%s', (_, rest, move) => {
    expect(nextMove(facts(rest))).toMatchObject(move);
  });

  test('always leads to an end, whatever each step comes to, and undoes exactly what was done', () => {
    const outcome = fc.constantFrom<StepFacts['state']>('done', 'done', 'done', 'failed', 'uncertain');
    const scenario = fc.record({
      forward: fc.array(outcome, { minLength: 1, maxLength: 5 }),
      undoable: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
      verdict: fc.constantFrom('success', 'partial', 'ineffective', 'degradation', 'unknown'),
    });
    fc.assert(
      fc.property(scenario, ({ forward, undoable, verdict }) => {
        const order = forward.map((_, index) => String(index));
        let now = facts({ state: 'pending', order });
        const undone: string[] = [];
        for (let turn = 0; turn < 30; turn += 1) {
          const move = nextMove(now);
          if (move.kind === 'end') {
            const done = now.steps.filter(({ direction, state }) => direction === 'forward' && state === 'done');
            const expected = done
              .filter((each) => each.undoable)
              .map(({ actionId }) => actionId)
              .toReversed();
            if (now.phase === 'undoing') expect(undone).toEqual(expected);
            else expect(undone).toEqual([]);
            expect(mayBecome(now.state, move.ending.state)).toBe(true);
            return;
          }
          if (move.kind === 'take') {
            const index = Number(move.actionId);
            now = {
              ...now,
              state: 'in_progress',
              steps: [...now.steps, step(move.actionId, forward[index] ?? 'done', 'forward', undoable[index] ?? true)],
            };
          } else if (move.kind === 'undo') {
            undone.push(move.actionId);
            now = { ...now, steps: [...now.steps, step(move.actionId, 'done', 'undo')] };
          } else if (move.kind === 'turn-back') now = { ...now, phase: 'undoing', undoReason: move.reason };
          else if (move.kind === 'verify')
            now = { ...now, phase: 'verifying', verdict: { type: verdict as 'success', reason: '' } };
          else throw new Error(`unexpected ${move.kind}`);
        }
        throw new Error('no end');
      }),
    );
  });

  test('a state that is over stays so, except that a person may take back or close', () => {
    for (const state of ExecutionState.options) {
      expect(mayBecome('failed', state)).toBe(false);
      expect(mayBecome('rolled_back', state)).toBe(false);
      expect(mayBecome('cancelled', state)).toBe(false);
    }
    expect(mayBecome('completed', 'in_progress')).toBe(true);
    expect(mayBecome('uncertain', 'failed')).toBe(true);
  });
});

describe('the trigger', () => {
  const evidence = (reading: number | 'missing', suppressed = false) => ({
    signal: violated(),
    reading:
      reading === 'missing'
        ? ({ kind: 'missing', reason: 'empty' } as const)
        : ({ kind: 'value', value: reading } as const),
    suppressed: suppressed ? ({ by: 'silence', reference: 's' } as const) : null,
  });
  test.each([
    ['one confirmed violation', [evidence(2)], 'firing'],
    ['one confirmed beside one unclear', [evidence('missing'), evidence(2)], 'firing'],
    ['one confirmed beside one silenced', [evidence(2, true), evidence(2)], 'firing'],
    ['only silenced ones', [evidence(2, true)], 'silenced'],
    ['all resolved', [evidence(0.5), evidence(0.9)], 'gone'],
    ['resolved beside unclear', [evidence(0.5), evidence('missing')], 'inconclusive'],
    ['not a number', [evidence(Number.NaN)], 'inconclusive'],
    ['nothing at all', [], 'inconclusive'],
  ])('of %s', (_, given, kind) => {
    expect(judgeTrigger(given).kind).toBe(kind);
  });
});

describe('the charter', () => {
  const decision = (rest: Partial<Decision>): Decision => ({
    effect: 'allow',
    reasons: [{ policy: 'p', rule: 'r', line: 1, effect: 'allow', text: 'ok' }],
    obligations: {},
    automation: 'auto',
    policyVersion: '1',
    decisionId: 'd',
    decidedAt: new Date(0).toISOString(),
    ...rest,
  });
  const standing = (approval: 'approved' | 'auto_approved') => ({
    plan: planFrom({ actions: [], approval, hash: 'h' }),
    approval: approval === 'approved' ? { status: 'approved' as const, planHash: 'h' } : null,
    action: actionFrom({ action: 'SCALE_UP', parameters: { replicas: 6 } }),
    blastRadius: 0.2,
    isProtected: false,
  });
  test.each([
    ['allow', {}, 'auto_approved', 'allowed'],
    ['deny', { effect: 'deny' }, 'approved', 'denied'],
    ['require-approval of a plan without one', { effect: 'require-approval' }, 'auto_approved', 'ask'],
    ['require-approval of an approved plan', { effect: 'require-approval' }, 'approved', 'allowed'],
    ['automation observe', { automation: 'observe' }, 'approved', 'denied'],
  ] as const)('that says %s', (_, rest, approval, kind) => {
    expect(judgeDecision(decision(rest), standing(approval)).kind).toBe(kind);
  });
  test('what people tightened when they approved binds beyond the policy', () => {
    const plan = planFrom({ actions: [], approval: 'approved', hash: 'h', obligations: { blastRadius: 0.1 } });
    const approved = { ...standing('approved'), plan, blastRadius: 0.2 };
    expect(judgeDecision(decision({ obligations: { blastRadius: 0.5 } }), approved).kind).toBe('denied');
    expect(judgeDecision(decision({}), { ...approved, blastRadius: 0.1 }).kind).toBe('allowed');
  });
  test('obligations are compared by how much they allow', () => {
    expect(stricterThan({}, { perHour: 1 })).toBeNull();
    expect(stricterThan({ perHour: 2 }, { perHour: 1 })).toBeNull();
    expect(stricterThan({ perHour: 1 }, { perHour: 2 })).toContain('perHour');
    expect(stricterThan({ perHour: 1 }, {})).toContain('perHour');
    expect(stricterThan({ quorum: 1 }, {})).toBeNull();
    expect(stricterThan({ quorum: 2 }, {})).toContain('quorum');
    expect(stricterThan({ approvers: ['a', 'b'] }, { approvers: ['a'] })).toBeNull();
    expect(stricterThan({ approvers: ['b'] }, { approvers: ['a'] })).toContain('approvers');
  });
});

describe('budgets and brake', () => {
  test('risk grows with what is touched, how final it is and how unsure its reason', () => {
    const base = riskOf({ risk: 0.1, reversible: true }, 0.2, 0.9);
    expect(riskOf({ risk: 0.1, reversible: true }, 0.4, 0.9)).toBeGreaterThan(base);
    expect(riskOf({ risk: 0.1, reversible: false }, 0.2, 0.9)).toBeGreaterThan(base);
    expect(riskOf({ risk: 0.1, reversible: true }, 0.2, 0.5)).toBeGreaterThan(base);
    expect(riskOf({ risk: 0.1, reversible: true }, 0.2, null)).toBeGreaterThan(base);
  });
  test('the last unit fits, one more does not', () => {
    const charge = { scope: 's', amount: 1, limit: 3, unit: 'actions' as const };
    expect(firstExhausted([charge], new Map([['s', 2]]))).toBeNull();
    expect(firstExhausted([charge], new Map([['s', 3]]))).toContain('3 of 3');
  });
  test('a ledger counts what was spent within its window, never less, and forgets the rest', () => {
    const amounts = fc.array(fc.tuple(fc.integer({ min: 1, max: 7_200 }), fc.integer({ min: 1, max: 9 })), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(amounts, (gaps) => {
        const windowSeconds = 3_600;
        const spent: [at: number, amount: number][] = [];
        let ledger: Ledger = [];
        let now = 1_000_000;
        for (const [gap, amount] of gaps) {
          now += gap;
          spent.push([now, amount]);
          ledger = charged(ledger, amount, windowSeconds, now);
          const within = (seconds: number): number =>
            spent.filter(([at]) => at > now - seconds).reduce((sum, [, each]) => sum + each, 0);
          const counted = spentWithin(ledger, windowSeconds, now);
          expect(counted).toBeGreaterThanOrEqual(within(windowSeconds));
          expect(counted).toBeLessThanOrEqual(within(windowSeconds + windowSeconds / 60 + 1));
          expect(ledger.length).toBeLessThanOrEqual(62);
        }
      }),
    );
  });
  test('the brake is pulled at once and let go after a time of calm that nothing interrupted', () => {
    const settings = { ...defaultSettings.storm, minHealthy: 0.5, minTargets: 4, cooldownSeconds: 60 };
    const storm = { targets: 10, unhealthy: 6 };
    const calm = { targets: 10, unhealthy: 2 };
    const free = { pulledAt: null, calmSince: null };
    const pulled = stepBrake(free, storm, settings, 1_000);
    expect(pulled.pulledAt).toBe(1_000);
    const calming = stepBrake(pulled, calm, settings, 2_000);
    expect(calming.pulledAt).toBe(1_000);
    expect(stepBrake(calming, storm, settings, 30_000).calmSince).toBeNull();
    expect(stepBrake(calming, calm, settings, 61_000).pulledAt).toBe(1_000);
    expect(stepBrake(calming, calm, settings, 62_000)).toEqual(free);
    expect(stepBrake(free, { targets: 3, unhealthy: 3 }, settings, 0)).toEqual(free);
    expect(stepBrake(free, { targets: 10, unhealthy: 5 }, settings, 0)).toEqual(free);
  });
});
