import { describe, expect, test } from 'vitest';
import { comparePolicies, decide, type PolicyComparison } from '../src/index.ts';
import { compiled } from './analysis-small-domain.ts';
import { classicText, loadPolicy, policyText } from './load.ts';

function comparisonOf(before: unknown, after: unknown): PolicyComparison {
  const result = comparePolicies([loadPolicy(before)], [loadPolicy(after)]);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.comparison;
}
const compare = (before: readonly string[], after: readonly string[]) =>
  comparisonOf(policyText(before), policyText(after));

const allow = '{id: a, effect: allow, match: {actions: [x], metrics: ["m*"]}}';
const deny = '{id: d, effect: deny, match: {actions: [x], metrics: ["m1*"]}}';
const approve = '{id: a, effect: require-approval, match: {actions: [x], metrics: ["m*"]}}';

test.each<[name: string, before: string[], after: string[], verdict: string]>([
  ['the same rules in another order', [allow, deny], [deny, allow], 'equivalent'],
  ['another id', [allow], [allow.replace('id: a', 'id: b')], 'equivalent'],
  ['a denial more', [allow], [allow, deny], 'less'],
  ['a denial fewer', [allow, deny], [allow], 'more'],
  ['a denial of what nothing allows', [allow], [allow, '{id: d, effect: deny, match: {actions: [y]}}'], 'equivalent'],
  ['approval instead of a denial', [deny], [approve], 'more'],
  ['approval instead of an allowance', [allow], [approve], 'less'],
  ['other names', [allow], [allow.replace('m*', 'n*')], 'incomparable'],
  [
    'one pattern as two that cover it',
    [allow],
    ['{id: a, effect: allow, match: {actions: [x], metrics: ["m*", "m*a"]}}'],
    'equivalent',
  ],
  [
    'a condition split at a number',
    ['{id: a, effect: allow, match: {actions: [x]}, when: has(plan.risk)}'],
    [
      '{id: a, effect: allow, match: {actions: [x]}, when: plan.risk < 0.5}',
      '{id: b, effect: allow, match: {actions: [x]}, when: plan.risk >= 0.5}',
    ],
    'equivalent',
  ],
  [
    'a condition with a gap',
    ['{id: a, effect: allow, match: {actions: [x]}, when: has(plan.risk)}'],
    [
      '{id: a, effect: allow, match: {actions: [x]}, when: plan.risk < 0.5}',
      '{id: b, effect: allow, match: {actions: [x]}, when: plan.risk > 0.5}',
    ],
    'less',
  ],
  [
    'a smaller quorum',
    ['{id: r, effect: require-approval, match: {actions: [x]}, obligations: [{approvers: g, quorum: 2}]}'],
    ['{id: r, effect: require-approval, match: {actions: [x]}, obligations: [{approvers: g}]}'],
    'more',
  ],
  [
    'a lower ceiling',
    ['{id: a, effect: allow, match: {actions: [x]}, automation: {max: auto}}'],
    ['{id: a, effect: allow, match: {actions: [x]}, automation: {max: approve}}'],
    'less',
  ],
  [
    'a duty that moves to another rule',
    ['{id: a, effect: allow, match: {actions: [x]}, obligations: [{redact: [l]}]}'],
    [
      '{id: a, effect: allow, match: {actions: [x]}}',
      '{id: b, effect: allow, match: {actions: ["*"], roles: ["*"]}, obligations: [{redact: [l]}]}',
    ],
    'more',
  ],
  [
    'approval where a condition fails for want of a plan',
    ['{id: r, effect: require-approval, match: {actions: [x], metrics: [a]}, when: has(plan.risk) && plan.risk < 0.5}'],
    ['{id: r, effect: allow, match: {actions: [x]}, when: has(plan.risk) && plan.risk < 0.5}'],
    'incomparable',
  ],
  ['a rule that only watches', [allow], [allow, `${deny.slice(0, -1)}, rollout: warn}`], 'equivalent'],
  [
    'an unreadable condition that stays',
    ['{id: a, effect: allow, match: {actions: [x]}, when: size(labels) > 2}'],
    ['{id: b, effect: allow, match: {actions: [x]}, when: "size(labels) >  2"}'],
    'equivalent',
  ],
  [
    'an unreadable condition that changes',
    ['{id: a, effect: allow, match: {actions: [x]}, when: size(labels) > 2}'],
    ['{id: a, effect: allow, match: {actions: [x]}, when: size(labels) > 3}'],
    'unknown',
  ],
])('%s', (_name, before, after, verdict) => {
  expect(compare(before, after).verdict).toBe(verdict);
});

describe('per action and target class', () => {
  const before = ['{id: a, effect: allow, match: {actions: [x, y], classes: [db, web]}}'];
  const after = [
    '{id: a, effect: allow, match: {actions: [x, y], classes: [web]}}',
    '{id: b, effect: allow, match: {actions: [y], classes: [queue]}}',
  ];

  test('each cell has its own verdict and witness', () => {
    const { verdict, perAction } = compare(before, after);
    const [old, now] = [compiled([loadPolicy(policyText(before))]), compiled([loadPolicy(policyText(after))])];
    expect(verdict).toBe('incomparable');
    const cells = perAction.map(
      ({ action, targetClass, verdict: one }) => `${String(action)} ${String(targetClass)} ${one}`,
    );
    expect(cells.sort()).toEqual(['x db less', 'x web equivalent', 'y db less', 'y queue more', 'y web equivalent']);
    for (const { witness, action, targetClass } of perAction) {
      for (const request of [witness.more, witness.less]) {
        if (request === null) continue;
        expect(request).toMatchObject({ action, targetClass });
        expect(decide(old, request).effect).not.toBe(decide(now, request).effect);
      }
    }
  });

  test('actions that no rule names are one cell', () => {
    const { perAction } = compare([allow], ['{id: a, effect: allow, match: {actions: ["*"], metrics: ["m*"]}}']);
    expect(perAction.map(({ action, verdict }) => [action, verdict])).toEqual([
      ['x', 'equivalent'],
      [null, 'more'],
    ]);
  });
});

test('rules are told by what happened to them', () => {
  const { added, removed, changed } = compare([allow, deny], [approve, '{id: n, effect: deny, match: {actions: [z]}}']);
  expect(added.map(({ id, line }) => [id, line])).toEqual([['n', 6]]);
  expect(removed.map(({ id, line }) => [id, line])).toEqual([['d', 6]]);
  expect(changed).toMatchObject([{ before: { id: 'a' }, after: { id: 'a' }, parts: ['effect'] }]);
});

test('classic documents list the names they gain and lose', () => {
  const text = classicText('production');
  const { metrics, verdict } = comparisonOf(text, text.replace('cpu_usage_percent', 'cpu_steal_percent'));
  expect(metrics.whitelisted).toEqual({ added: ['cpu_steal_percent'], removed: ['cpu_usage_percent'] });
  expect(verdict).toBe('incomparable');
  expect(comparisonOf(text, text).verdict).toBe('equivalent');
});
