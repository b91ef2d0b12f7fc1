import { describe, expect, test } from 'vitest';
import {
  compileOverrides,
  compilePolicies,
  decide,
  explain,
  type Override,
  type PolicyRequest,
  reasonsOf,
} from '../src/index.ts';
import { loadPolicy, policyText, snapshotOf } from './load.ts';

const now = Date.UTC(2026, 0, 5, 12);
const rule = (id: string, effect: string, rest = ''): string =>
  `{id: ${id}, effect: ${effect}, match: {actions: [x]}${rest}}`;

function verdict(rules: readonly string[], request: Partial<PolicyRequest> = {}) {
  const { effect, rule: decider, code } = decide(snapshotOf([policyText(rules)]), { action: 'x', now, ...request });
  return [effect, decider?.id ?? null, decider?.line ?? null, code];
}

describe('a decision', () => {
  test('deny comes before require-approval, and that before allow, whatever the order', () => {
    expect(verdict([rule('a', 'allow'), rule('b', 'require-approval'), rule('c', 'deny')])).toEqual([
      'deny',
      'c',
      7,
      'rule',
    ]);
    expect(verdict([rule('a', 'allow'), rule('b', 'require-approval')])).toEqual(['require-approval', 'b', 6, 'rule']);
    expect(verdict([rule('a', 'allow')])).toEqual(['allow', 'a', 5, 'rule']);
  });

  test('what no rule allows is denied by default, and says so', () => {
    const decision = decide(snapshotOf([policyText([rule('a', 'allow')])]), { action: 'y', metric: 'm', now });
    expect([decision.effect, decision.rule, decision.code]).toEqual(['deny', null, 'default-deny']);
    expect(reasonsOf(decision)).toEqual(['No rule allows y on m; what no rule allows is denied']);
  });

  test.each([
    ['deny', 'deny', 'condition-failed', true],
    ['require-approval', 'require-approval', 'condition-failed', true],
    ['allow', 'deny', 'default-deny', false],
  ])('a condition that fails in %s ends in %s and is reported', (effect, expected, code, countedAsMatched) => {
    const decision = decide(snapshotOf([policyText([rule('a', effect, ', when: labels.env == "prod"')])]), {
      action: 'x',
      now,
    });
    expect([decision.effect, decision.code]).toEqual([expected, code]);
    expect(decision.errors).toEqual([
      { rule: expect.objectContaining({ id: 'a' }), detail: 'labels is not set', countedAsMatched },
    ]);
  });

  test('an error beside a deciding side is absorbed', () => {
    expect(verdict([rule('a', 'allow', ", when: \"labels.env == 'prod' || action == 'x'\"")])[0]).toBe('allow');
  });

  test('duties of all matching rules are joined, the strictest winning', () => {
    const snapshot = snapshotOf([
      policyText([
        rule(
          'a',
          'allow',
          ', automation: {max: auto}, obligations: [{redact: [b, a]}, {limit: {perHour: 9, blastRadius: 25%}}, {retention: 2d}]',
        ),
        rule(
          'b',
          'require-approval',
          ', automation: {max: approve}, obligations: [{approvers: sre, quorum: 1, within: 1h}, {limit: {perHour: 4}}, {redact: [c]}]',
        ),
        rule(
          'c',
          'require-approval',
          ', obligations: [{approvers: sre, quorum: 2, within: 15m}, {approvers: dba}, {limit: {blastRadius: 0.5}}, {retention: 12h}]',
        ),
      ]),
    ]);
    const { automation, effect, matched, obligations } = decide(snapshot, { action: 'x', now });
    expect([effect, automation, matched.length]).toEqual(['require-approval', 'approve', 3]);
    expect(obligations).toEqual({
      redact: ['a', 'b', 'c'],
      approvals: [
        { approvers: 'dba', quorum: 1, withinSeconds: null, validForSeconds: null },
        { approvers: 'sre', quorum: 2, withinSeconds: 900, validForSeconds: null },
      ],
      limit: { perMinute: null, perHour: 4, perDay: null, concurrent: null, blastRadius: 0.25 },
      retentionSeconds: 43_200,
      notify: [],
    });
  });

  test.each(['warn', 'shadow'])('a rule in %s changes nothing but is reported', (rollout) => {
    const decision = decide(
      snapshotOf([policyText([rule('a', 'allow'), rule('b', 'deny', `, rollout: ${rollout}`)])]),
      { action: 'x', now },
    );
    expect(decision.effect).toBe('allow');
    expect(reasonsOf(decision)).toContain(`Rule b of p (line 6) is in ${rollout} and would have said deny`);
  });

  test('a policy speaks for its own environment alone', () => {
    const of = (environment: string, effect: string) =>
      policyText([rule('r', effect)], `metadata: {name: ${environment}, environment: ${environment}}`);
    const snapshot = snapshotOf([of('production', 'deny'), of('staging', 'allow')]);
    const inEnvironment = (environment?: string) => decide(snapshot, { action: 'x', environment, now }).effect;
    expect([inEnvironment('production'), inEnvironment('staging'), inEnvironment('other'), inEnvironment()]).toEqual([
      'deny',
      'allow',
      'deny',
      'deny',
    ]);
    expect(decide(snapshotOf([of('staging', 'allow')]), { action: 'x', now }).effect).toBe('allow');
  });

  test('windows, plans and clocks reach conditions', () => {
    const rules = [
      rule('a', 'allow', ', when: "inWindow(\'night\') && plan.risk < 0.3 && hour == 12 && weekday == 1"'),
    ];
    expect(verdict(rules, { windows: ['night'], plan: { risk: 0.1 } })[0]).toBe('allow');
    expect(verdict(rules, { windows: ['day'], plan: { risk: 0.1 } })[0]).toBe('deny');
    expect(verdict(rules, { windows: ['night'], plan: { risk: 0.3 } })[0]).toBe('deny');
  });

  test.each([
    ['null', null],
    ['a number', 3],
    ['an action that is no text', { action: { toString: null }, now }],
    ['a metric that is no text', { action: 'x', metric: 5, now }],
    [
      'labels that throw',
      {
        action: 'x',
        now,
        get labels() {
          throw new Error('no');
        },
      },
    ],
    [
      'a proxy that throws',
      new Proxy(
        {},
        {
          get() {
            throw new Error('no');
          },
        },
      ),
    ],
  ])('%s as a request is denied without a throw', (_name, request) => {
    const snapshot = snapshotOf([
      policyText([
        '{id: a, effect: allow, match: {metrics: ["*"]}, when: labels.x == "1"}',
        '{id: b, effect: allow, match: {actions: ["q*"]}}',
      ]),
    ]);
    expect(decide(snapshot, request as PolicyRequest).effect).toBe('deny');
  });

  test('labels named like parts of every object are not set', () => {
    const rules = ['constructor', '__proto__', 'toString'].map((name) =>
      rule(name.replaceAll('_', ''), 'allow', `, when: "has(labels.${name})"`),
    );
    expect(verdict(rules, { labels: {} })[0]).toBe('deny');
  });
});

test('an explanation tells what every rule about the request said', () => {
  const snapshot = snapshotOf([
    policyText([
      rule('a', 'allow'),
      rule('b', 'allow', ', when: hour > 20'),
      rule('c', 'allow', ', when: value > 1.0'),
      '{id: d, effect: deny, match: {actions: [z]}}',
    ]),
  ]);
  const { reasons, trace } = explain(decide(snapshot, { action: 'x', now }));
  expect(reasons[0]).toBe('Rule a of p (line 5) says allow');
  expect(trace.map(({ rule: { id }, outcome }) => [id, outcome])).toEqual([
    ['a', 'matched'],
    ['b', 'condition-false'],
    ['c', 'condition-failed'],
  ]);
});

describe('an emergency override', () => {
  const override: Override = {
    id: 'o1',
    effect: 'allow',
    match: { actions: ['x'], targets: ['checkout/*'] },
    reason: 'outage',
    startsAt: now,
    expiresAt: now + 60_000,
  };
  const layerOf = (overrides: readonly Override[]) => {
    const compiled = compileOverrides(overrides);
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
    return compiled.layer;
  };
  const decideAt = (at: number, overrides: readonly Override[]) =>
    decide(snapshotOf([policyText([rule('a', 'deny')])]), {
      action: 'x',
      target: 'checkout/api',
      now: at,
      overrides: layerOf(overrides),
    });

  test('comes before every rule while it lasts, and ends by itself', () => {
    expect(decideAt(now, [override]).effect).toBe('allow');
    expect(reasonsOf(decideAt(now, [override]))).toEqual(['Override o1 says allow: outage']);
    expect(decideAt(now - 1, [override]).effect).toBe('deny');
    expect(decideAt(now + 60_000, [override]).code).toBe('rule');
  });

  test('gives way to an override that denies', () => {
    expect(decideAt(now, [override, { ...override, id: 'o2', effect: 'deny' }]).override?.id).toBe('o2');
  });

  test('must end after it starts and select something', () => {
    expect(
      compileOverrides([
        { ...override, expiresAt: now },
        { ...override, id: 'o3', match: {} },
      ]),
    ).toEqual({
      ok: false,
      errors: [
        { id: 'o1', detail: 'An override ends after it starts' },
        { id: 'o3', detail: expect.stringContaining('An empty selector selects nothing') },
      ],
    });
  });
});

describe('bounds at load', () => {
  const many = (count: number, match: (at: number) => object) => ({
    apiVersion: 'charter/v1',
    kind: 'Policy',
    metadata: { name: 'p' },
    rules: Array.from({ length: count }, (_, at) => ({ id: `r${String(at)}`, effect: 'allow', match: match(at) })),
  });

  test.each([
    ['rules that share one name', many(1_025, () => ({ actions: ['x'] })), 'More than 1024 rules share one name'],
    [
      'patterns that start with a star',
      many(513, (at) => ({ actions: ['x'], metrics: [`*${String(at)}`] })),
      'More than 512 patterns of one action start with a star',
    ],
  ])('too many %s are refused with the rule that is one too many', (_name, document, detail) => {
    const compiled = compilePolicies([loadPolicy(document)]);
    expect(compiled).toEqual({
      ok: false,
      errors: [{ policy: 'p', pointer: expect.stringMatching(/^\/rules\/\d+$/), detail }],
    });
  });

  test('names made up by an attacker do not grow the memory of candidates', () => {
    const snapshot = snapshotOf([policyText(['{id: a, effect: allow, match: {actions: [x], metrics: ["m*"]}}'])]);
    for (let at = 0; at < 40_000; at += 1) decide(snapshot, { action: 'x', metric: `m${String(at)}`, now });
    expect(snapshot.actions.get('x')?.byName.size).toBeLessThanOrEqual(2 * snapshot.limits.cachedNames);
  });
});
