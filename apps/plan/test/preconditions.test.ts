import { Strategy, Window } from '@charter/shared/contracts';
import { describe, expect, test } from 'vitest';
import { draftPlan } from '../src/domain/draft-plan.ts';
import { propose, type Situation } from '../src/domain/propose.ts';
import { defaultSettings } from '../src/domain/settings.ts';
import { analysis, rootCause, scaleUp, situation, strategy, violation } from './fixtures.ts';

const needing = (...preconditions: object[]): Partial<Situation> => ({
  strategies: [strategy('add-capacity', [scaleUp()], { preconditions })],
});
const proposed = (change: Partial<Situation>) => propose(situation(change), defaultSettings);
const blockOf = (change: Partial<Situation>): string | null | undefined =>
  proposed(change).ranked.find(({ candidate }) => candidate !== null)?.blockedBy;

describe('preconditions that a strategy declares', () => {
  test.each([
    ['a setting', { setting: 'replicas', comparator: '<', value: 10 }],
    ['a nested setting', { setting: 'config.timeoutSeconds', comparator: '==', value: 2 }],
    ['a text', { setting: 'policyVersion', comparator: '!=', value: 'v1' }],
    ['a setting of another target', { setting: 'replicas', target: 'database', comparator: '>=', value: 3 }],
    ['what is violated', { metric: 'latency_p95', comparator: '>', value: 1 }],
  ])('%s that holds lets it through', (_, precondition) => {
    expect(blockOf(needing(precondition))).toBeNull();
  });

  test.each([
    ['a setting', { setting: 'replicas', comparator: '>', value: 10 }, 'it needs replicas of orders > 10, and it is 3'],
    ['an unknown one', { setting: 'shards', comparator: '>', value: 1 }, 'and shards of orders is not known'],
    [
      'a metric',
      { metric: 'latency_p95', comparator: '>', value: 9 },
      'it needs latency_p95 of orders > 9, and it is 2.4',
    ],
    ['an unknown metric', { metric: 'queue_length', comparator: '>', value: 1 }, 'queue_length of orders is not known'],
    ['another type', { setting: 'policyVersion', comparator: '==', value: 2 }, 'and it is v2'],
  ])('%s that does not hold blocks it and says what there is', (_, precondition, reason) => {
    expect(blockOf(needing(precondition))).toContain(reason);
  });

  test('the evidence of the root cause counts where nothing of it is violated', () => {
    const evidence = {
      series: 'orders#queue_length',
      changedAt: null,
      before: 3,
      after: 80,
      deviation: 9,
      text: 'queue_length of orders rose',
    };
    const cause = rootCause({ evidence: [evidence] });
    const needs = needing({ metric: 'queue_length', comparator: '>', value: 50 });
    expect(blockOf({ ...needs, analysis: analysis({ rootCauses: [cause] }) })).toBeNull();
  });

  test('a plan is recorded with those that held', () => {
    const held = proposed(needing({ setting: 'replicas', comparator: '<', value: 10 }));
    expect(held.running[0]?.candidate.notes).toContain('replicas of orders is 3, as it needs: < 10');
  });

  test('a text is never above or below anything, and one precondition is about one thing', () => {
    const document = {
      apiVersion: 'charter/v1',
      kind: 'Strategy',
      metadata: { name: 's' },
      match: {},
      actions: [{ action: 'RESTART_SERVICE' }],
    };
    const withOne = (precondition: object) => Strategy.safeParse({ ...document, preconditions: [precondition] });
    expect(withOne({ setting: 'policyVersion', comparator: '>', value: 'v1' }).success).toBe(false);
    expect(withOne({ setting: 'a', metric: 'b', comparator: '==', value: 1 }).success).toBe(false);
    expect(withOne({ comparator: '==', value: 1 }).success).toBe(false);
  });
});

describe('windows of the pack', () => {
  const window = (rest: object) =>
    Window.parse({ apiVersion: 'charter/v1', kind: 'Window', metadata: { name: 'release' }, ...rest });
  const today = { from: '2026-03-01T11:00:00.000Z', until: '2026-03-01T13:00:00.000Z' };

  test.each(['freeze', 'maintenance'] as const)('an open %s keeps off its targets, and says until when', (type) => {
    const windows = [window({ type, targets: ['ord*'], ...today })];
    expect(blockOf({ windows })).toContain(`window release (${type}) covers orders until 2026-03-01T13:00:00.000Z`);
    expect(proposed({ windows }).running).toEqual([]);
  });
  test.each([
    ['of other targets', { type: 'freeze', targets: ['payments'], ...today }],
    ['that is over', { type: 'freeze', from: '2026-02-01T00:00:00.000Z', until: '2026-02-02T00:00:00.000Z' }],
    ['of hours', { type: 'hours', ...today }],
    ['of another day', { type: 'freeze', weekly: { days: ['mon'], start: '00:00', end: '23:59' } }],
  ])('a window %s keeps nothing off', (_, rest) => {
    expect(blockOf({ windows: [window(rest)] })).toBeNull();
  });
  test('one that began yesterday and runs past midnight covers noon only when it lasts that long', () => {
    const night = window({ type: 'freeze', weekly: { days: ['sat'], start: '22:00', end: '13:00' } });
    expect(blockOf({ windows: [night] })).toContain('until 2026-03-01T13:00:00.000Z');
    const short = window({ type: 'freeze', weekly: { days: ['sat'], start: '22:00', end: '06:00' } });
    expect(blockOf({ windows: [short] })).toBeNull();
  });
});

describe('what a plan is verified against', () => {
  const rule = {
    apiVersion: 'charter/v1' as const,
    kind: 'Rule' as const,
    metadata: { name: 'orders-latency' },
    query: 'latency_p95',
    componentLabel: 'component',
    metric: 'latency_p95',
    comparator: '>' as const,
    threshold: 0.5,
    severity: 'critical' as const,
    noisy: false,
  };
  function verificationFrom(change: Partial<Situation>) {
    const from = situation(change);
    const proposal = propose(from, defaultSettings);
    const choice = {
      candidate: proposal.running[0]?.candidate ?? null,
      refused: new Map<string, string>(),
      mode: 'auto' as const,
      approval: 'auto_approved' as const,
      obligations: {},
      decisionIds: [],
      reasons: [],
    };
    const draft = { id: from.analysis.id, analysis: from.analysis, proposal, choice, watched: from };
    return draftPlan({ ...draft, now: from.now, expiresAt: from.now }, defaultSettings).verification;
  }

  test('peers of the same class that nothing is done to, by the same rule', () => {
    const { signals } = verificationFrom({ rules: new Map([['orders-latency', rule]]) });
    const peers = signals.filter(({ role }) => role === 'peer');
    expect(peers.map(({ component }) => component)).toEqual(['gateway', 'payments', 'database']);
    expect(peers[0]).toMatchObject({
      rule: 'orders-latency',
      query: expect.any(String),
      before: null,
      fingerprint: null,
    });
  });
  test('a rule of one component alone has no peers, and the base rate of self-recovery goes along', () => {
    const verification = verificationFrom({ rules: new Map([['orders-latency', { ...rule, component: 'orders' }]]) });
    expect(verification.signals.map(({ role }) => role)).not.toContain('peer');
    expect(verification.selfRecovery).toBeCloseTo(defaultSettings.selfRecovery);
  });
  test('violations of incidents that became part of this one', () => {
    const merged = [violation({ rule: 'gateway-errors', component: 'gateway', fingerprint: 'b'.repeat(32) })];
    const { signals } = verificationFrom({ merged });
    expect(signals.filter(({ role }) => role === 'violated').map((signal) => signal.rule)).toEqual([
      'orders-latency',
      'gateway-errors',
    ]);
  });
});
