import { type Decision, Plan, Rule } from '@charter/shared/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { draftPlan } from '../src/domain/draft-plan.ts';
import { explain } from '../src/domain/explain.ts';
import { blastRadiusOf, brokenObligation, strictest, verdictFrom, withinObligations } from '../src/domain/gate.ts';
import { priorityOf } from '../src/domain/priority-of.ts';
import { propose } from '../src/domain/propose.ts';
import { defaultSettings } from '../src/domain/settings.ts';
import { sizeFor, waitingShare } from '../src/domain/size-for.ts';
import { analysis, noon, scaleUp, situation, strategy, target, violation } from './fixtures.ts';

const decision = (change: Partial<Decision> = {}): Decision => ({
  effect: 'allow',
  reasons: [],
  obligations: {},
  automation: 'auto',
  policyVersion: 'v1',
  decisionId: 'd1',
  decidedAt: noon,
  ...change,
});

function drafted(facts = situation(), settings = defaultSettings) {
  const proposal = propose(facts, settings);
  const candidate = proposal.running[0]?.candidate ?? null;
  const choice = {
    candidate,
    refused: new Map(),
    mode: 'auto' as const,
    approval: 'auto_approved' as const,
    obligations: {},
    decisionIds: ['d1'],
    reasons: ['policy allows it'],
  };
  const { analysis: of } = facts;
  const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  return draftPlan({ id, analysis: of, proposal, choice, watched: facts, now: noon, expiresAt: noon }, settings);
}

const candidateOf = (facts = situation()) => {
  const [best] = propose(facts, defaultSettings).running;
  if (!best) throw new Error('no candidate');
  return best.candidate;
};

describe('a plan', () => {
  test('keeps its contract, with every alternative and the null plan', () => {
    const strategies = [strategy('add-capacity', [scaleUp()]), strategy('dear', [scaleUp({ cost: 0.9 })])];
    const plan = Plan.parse(drafted(situation({ strategies })));
    expect(plan.strategy).toBe('add-capacity');
    expect(plan.alternatives.map((each) => each.strategy)).toEqual(['add-capacity', 'null', 'dear']);
    expect(plan.alternatives[2]?.blockedBy).toMatch(/does not exceed/);
  });

  test('is recomputed to the same record from the same facts', () => {
    const facts = situation();
    expect(drafted(facts)).toEqual(drafted(facts));
  });

  test('looks again at what was violated, then at the targets and their neighbors', () => {
    const watch = (name: string, worse: string) => ({ name, query: `q_${name}`, worse });
    const targets = new Map([
      [
        'orders',
        target('orders', {
          dependsOn: ['database'],
          signals: [watch('latency_p95', 'up'), watch('throughput', 'down')],
        }),
      ],
      ['gateway', target('gateway', { dependsOn: ['orders'], signals: [watch('errors', 'up')] })],
      ['database', target('database', { signals: [watch('queue', 'both'), watch('waits', 'up')] })],
      ['cache', target('cache', { signals: [watch('hits', 'down')] })],
    ]);
    const strategies = [strategy('s', [scaleUp({ delay: '5s' }), { action: 'REBALANCE_LOAD', delay: '9s' }])];
    const violations = [violation(), violation({ rule: 'old', state: 'resolved' })];
    const { verification } = drafted(situation({ targets, strategies, analysis: analysis({ violations }) }));
    expect(
      verification.signals.map(({ role, component, metric, comparator }) => [role, component, metric, comparator]),
    ).toEqual([
      ['violated', 'orders', 'latency_p95', '>'],
      ['neighbor', 'orders', 'throughput', '<'],
      ['neighbor', 'gateway', 'errors', '>'],
      ['neighbor', 'database', 'waits', '>'],
    ]);
    expect(verification.signals[0]).toMatchObject({
      threshold: 0.5,
      before: 2.4,
      query: 'latency_p95{component="orders"}',
    });
    expect(verification).toMatchObject({ delaySeconds: 9, samples: 3 });
  });

  test('neighbors must keep the rules of the pack; a rule with hysteresis resolves beyond its second threshold', () => {
    const rule = (name: string, rest: object) =>
      Rule.parse({
        apiVersion: 'charter/v1',
        kind: 'Rule',
        metadata: { name },
        query: `q_${name}`,
        metric: name,
        threshold: 1,
        ...rest,
      });
    const rules = new Map([
      ['orders-latency', rule('orders-latency', { metric: 'latency_p95', resolveThreshold: 0.4 })],
      ['errors', rule('errors', {})],
      ['gateway-only', rule('gateway-only', { component: 'gateway' })],
    ]);
    const targets = new Map([
      ['orders', target('orders')],
      ['gateway', target('gateway', { dependsOn: ['orders'] })],
    ]);
    const { signals } = drafted(situation({ rules, targets })).verification;
    expect(signals.map(({ role, component, rule: name, threshold }) => [role, component, name, threshold])).toEqual([
      ['violated', 'orders', 'orders-latency', 0.4],
      ['neighbor', 'orders', 'errors', 1],
      ['neighbor', 'gateway', 'orders-latency', 1],
      ['neighbor', 'gateway', 'errors', 1],
      ['neighbor', 'gateway', 'gateway-only', 1],
    ]);
  });

  test('explains itself and its alternatives in sentences', () => {
    const strategies = [strategy('add-capacity', [scaleUp()]), strategy('dear', [scaleUp({ cost: 0.9 })])];
    const text = explain(drafted(situation({ strategies }))).join('\n');
    expect(text).toContain('add-capacity: SCALE_UP orders (replicas 6).');
    expect(text).toContain('saturation of orders, 90 % certain');
    expect(text).toMatch(/dear .* not now: its margin/);
    expect(text).toContain('Doing nothing');
  });

  test.each([
    ['critical', 0.9, 'critical'],
    ['critical', 0.6, 'high'],
    ['warning', 0.9, 'high'],
    ['warning', 0.6, 'medium'],
    ['info', 0.99, 'low'],
  ] as const)('%s at %d certainty has priority %s', (severity, confidence, priority) => {
    expect(priorityOf(severity, confidence)).toBe(priority);
  });
});

describe('the gate', () => {
  test('one denial denies, one question asks, the lowest mode rules', () => {
    expect(verdictFrom([decision(), decision({ effect: 'deny' })]).effect).toBe('deny');
    expect(verdictFrom([decision(), decision({ effect: 'require-approval' })]).effect).toBe('require-approval');
    expect(verdictFrom([decision(), decision({ automation: 'observe' })])).toMatchObject({ mode: 'observe' });
    expect(verdictFrom([]).effect).toBe('deny');
  });

  test('obligations only tighten, in any order', () => {
    const number = (max: number) => fc.option(fc.integer({ min: 1, max }), { nil: undefined });
    const obligations = fc
      .record({ quorum: number(5), perHour: number(50), maxReplicas: number(50), withinSeconds: number(900) })
      .map((each) => Object.fromEntries(Object.entries(each).filter(([, value]) => value !== undefined)));
    fc.assert(
      fc.property(obligations, obligations, (a, b) => {
        const both = strictest(a, b);
        expect(strictest(b, a)).toEqual(both);
        for (const each of [a, b]) {
          if (each.quorum !== undefined) expect(both.quorum).toBeGreaterThanOrEqual(each.quorum);
          if (each.maxReplicas !== undefined) expect(both.maxReplicas).toBeLessThanOrEqual(each.maxReplicas);
          if (each.perHour !== undefined) expect(both.perHour).toBeLessThanOrEqual(each.perHour);
        }
      }),
    );
  });

  test('a size above what policy allows is lowered, and refused where that helps nothing', () => {
    const candidate = candidateOf();
    const lowered = withinObligations(candidate, { maxReplicas: 5 }, () => 3);
    expect(lowered.actions[0]?.parameters).toEqual({ replicas: 5 });
    expect(lowered.changes[0]?.value).toBe('5');
    expect(brokenObligation(lowered, { maxReplicas: 5 }, 0)).toBeNull();
    const stuck = withinObligations(candidate, { maxReplicas: 3 }, () => 3);
    expect(brokenObligation(stuck, { maxReplicas: 3 }, 0)).toMatch(/above the allowed 3/);
  });

  test('the blast radius is the largest share of a group', () => {
    const targets = new Map([
      ['orders', target('orders', { group: 'shop' })],
      ['payments', target('payments', { group: 'shop' })],
      ['database', target('database', { group: 'stores' })],
    ]);
    const radius = blastRadiusOf(candidateOf(), targets);
    expect(radius).toBe(0.5);
    expect(brokenObligation(candidateOf(), { blastRadius: 0.4 }, radius)).toMatch(/50 % of a target group/);
  });
});

describe('sizing by the queueing model', () => {
  const limits = { targetUtilization: 0.7, maxFactor: 4 };

  test('Erlang C at known points', () => {
    expect(waitingShare(0.5, 1)).toBeCloseTo(0.5, 6);
    expect(waitingShare(1, 2)).toBeCloseTo(1 / 3, 6);
    expect(waitingShare(2, 4)).toBeCloseTo(4 / 23, 6);
    expect(waitingShare(5, 5)).toBe(1);
  });

  test.each([
    [0.9, 10, 13],
    [0.99, 3, 6],
    [0.5, 4, 4],
    [0.2, 10, 4],
  ])('utilization %d on %i replicas needs %i', (utilization, replicas, needed) => {
    expect(sizeFor({ utilization, replicas }, limits)).toBe(needed);
  });

  test.each([0, -1, 2, Number.NaN])('%d is no utilization', (utilization) => {
    expect(sizeFor({ utilization, replicas: 3 }, limits)).toBeNull();
  });

  test('never grows beyond its factor and never overloads below it', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.97, noNaN: true }),
        fc.integer({ min: 1, max: 50 }),
        (utilization, replicas) => {
          const size = sizeFor({ utilization, replicas }, limits) ?? 0;
          expect(size).toBeLessThanOrEqual(replicas * 4);
          expect((utilization * replicas) / size).toBeLessThanOrEqual(0.97);
        },
      ),
    );
  });
});
