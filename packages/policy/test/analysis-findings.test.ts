import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, type Finding, findConflicts, type PolicyRequest } from '../src/index.ts';
import { compiled, meaningOf } from './analysis-small-domain.ts';
import { loadPolicy, policyText } from './load.ts';
import { nativeDocument, policyRequest } from './policy-arbitrary.ts';

const findingsIn = (rules: readonly string[], head?: string) => findConflicts([loadPolicy(policyText(rules, head))]);
const shown = ({ kind, severity, verdict, rules }: Finding) =>
  `${severity} ${kind} ${verdict}: ${rules.map(({ id }) => id).join(' ')}`;

describe('kinds of findings', () => {
  test.each<[name: string, rules: string[], findings: string[]]>([
    [
      'rules about different names',
      ['{id: a, effect: allow, match: {metrics: ["a*b"]}}', '{id: d, effect: deny, match: {metrics: ["*c"]}}'],
      [],
    ],
    [
      'a denial inside a grant',
      ['{id: a, effect: allow, match: {metrics: ["a*"]}}', '{id: d, effect: deny, match: {metrics: [ab]}}'],
      ['info overlap certain: d a'],
    ],
    [
      'a denial beside a grant',
      ['{id: a, effect: allow, match: {metrics: ["a*"]}}', '{id: d, effect: deny, match: {metrics: ["*b"]}}'],
      ['warning overlap certain: d a'],
    ],
    [
      'a grant inside a denial',
      ['{id: a, effect: allow, match: {metrics: ["ab*"]}}', '{id: d, effect: deny, match: {metrics: ["a*"]}}'],
      ['error shadowed certain: a d'],
    ],
    [
      'an allowance that always needs approval',
      ['{id: a, effect: allow, match: {actions: [x]}}', '{id: r, effect: require-approval, match: {actions: ["*"]}}'],
      ['warning shadowed certain: a r'],
    ],
    [
      'the same rule again',
      ['{id: a, effect: allow, match: {actions: [x]}}', '{id: b, effect: allow, match: {actions: [x]}}'],
      ['warning redundant certain: b a'],
    ],
    [
      'a narrower rule with a duty of its own',
      [
        '{id: a, effect: allow, match: {actions: ["*"]}}',
        '{id: b, effect: allow, match: {actions: [x]}, obligations: [{redact: [labels.a]}]}',
      ],
      [],
    ],
    [
      'a denial by halves',
      [
        '{id: a, effect: allow, match: {actions: [x]}, when: plan.risk >= 0.0}',
        '{id: l, effect: deny, match: {actions: [x]}, when: plan.risk < 0.5}',
        '{id: h, effect: deny, match: {actions: [x]}, when: plan.risk >= 0.5}',
      ],
      ['error dead certain: a l h'],
    ],
    [
      'a denial with a hole',
      [
        '{id: a, effect: allow, match: {actions: [x]}, when: plan.risk >= 0.0}',
        '{id: l, effect: deny, match: {actions: [x]}, when: plan.risk < 0.5}',
        '{id: h, effect: deny, match: {actions: [x]}, when: plan.risk > 0.5}',
      ],
      ['warning overlap certain: l a', 'warning overlap certain: h a'],
    ],
    [
      'a denial that contradicts itself, but matches where its condition fails',
      [
        '{id: d, effect: deny, match: {actions: [x]}, when: \'role == "a" && has(labels.b) && role != "a" && !has(labels.c)\'}',
      ],
      [],
    ],
    [
      'a grant that contradicts itself',
      ['{id: a, effect: allow, match: {roles: [sre]}, when: \'role == "dba"\'}'],
      ['warning vacuous certain: a'],
    ],
    [
      'hours that do not exist',
      ['{id: d, effect: deny, match: {actions: [x]}, when: "has(plan.risk) && hour > 23"}'],
      ['error vacuous certain: d'],
    ],
    [
      'an instant that is no such hour',
      [
        '{id: a, effect: allow, match: {actions: [x]}, when: \'now == timestamp("2026-01-05T12:30:00Z") && hour == 11\'}',
      ],
      ['warning vacuous certain: a'],
    ],
    [
      'ceilings that differ',
      [
        '{id: a, effect: allow, match: {actions: [x]}, automation: {max: auto}}',
        '{id: b, effect: allow, match: {actions: ["*"]}, automation: {max: observe}}',
      ],
      ['warning redundant certain: a b'],
    ],
    [
      'quorums that differ',
      [
        '{id: a, effect: require-approval, match: {actions: [x], roles: [r]}, obligations: [{approvers: sre, quorum: 2}]}',
        '{id: b, effect: require-approval, match: {actions: [x]}, obligations: [{approvers: sre, quorum: 1}]}',
      ],
      ['info conflicting-obligations certain: a b'],
    ],
    [
      'limits that differ where everything is denied',
      [
        '{id: a, effect: allow, match: {actions: [x], roles: [r]}, obligations: [{limit: {perHour: 2}}]}',
        '{id: b, effect: allow, match: {actions: [x], purposes: [p]}, obligations: [{limit: {perHour: 3}}]}',
        '{id: d, effect: deny, match: {actions: [x], roles: [r], purposes: [p]}}',
      ],
      ['info overlap certain: d a', 'info overlap certain: d b'],
    ],
    [
      'a rule that only watches',
      [
        '{id: a, effect: allow, match: {actions: [x]}}',
        '{id: d, effect: deny, match: {actions: [x]}, rollout: shadow}',
      ],
      [],
    ],
    [
      'conditions that are the same, however unreadable',
      [
        '{id: a, effect: allow, match: {actions: [x]}, when: size(labels) > 2}',
        '{id: d, effect: deny, match: {actions: [x]}, when: "size(labels) > 2 || false"}',
      ],
      ['warning shadowed unknown: a d', 'warning overlap unknown: d a', 'info vacuous unknown: a'],
    ],
    [
      'a condition that cannot be read',
      [
        '{id: a, effect: allow, match: {actions: [x]}, when: hour == 3}',
        '{id: d, effect: deny, match: {actions: [x]}, when: hour * 2 == 7}',
      ],
      ['warning overlap unknown: d a', 'info vacuous unknown: d'],
    ],
  ])('%s', (_name, rules, findings) => {
    expect(findingsIn(rules).map(shown).sort()).toEqual([...findings].sort());
  });

  test('a rule for another environment than its policy is vacuous', () => {
    const findings = findingsIn(
      ['{id: a, effect: allow, match: {environments: [staging]}}'],
      'metadata: {name: p, environment: production}',
    );
    expect(findings.map(shown)).toEqual(['warning vacuous certain: a']);
  });

  test('findings name policies and lines, and a request that shows them', () => {
    const [finding] = findingsIn([
      '{id: a, effect: allow, match: {actions: [export], metrics: ["card_*"]}}',
      '{id: d, effect: deny, match: {metrics: ["card*"]}}',
    ]);
    expect(finding).toMatchObject({
      rules: [
        { policy: 'p', id: 'a', line: 5 },
        { policy: 'p', id: 'd', line: 6 },
      ],
      witness: { action: 'export', metric: expect.stringMatching(/^card_/) },
    });
  });

  test('requests that were seen and that no rule speaks about are gaps, counted once for each kind', () => {
    const policy = loadPolicy(policyText(['{id: a, effect: allow, match: {actions: [read], metrics: [cpu]}}']));
    const traffic = ['cpu', 'disk', 'disk', 'net'].map((metric) => ({ action: 'read', metric, now: 0 }));
    const gaps = findConflicts([policy], { traffic });
    expect(gaps.map(({ kind, witness }) => [kind, witness?.metric])).toEqual([
      ['gap', 'disk'],
      ['gap', 'net'],
    ]);
    expect(gaps[0]?.detail).toContain('seen 2 times');
  });

  test('policies that are too much together are an error', () => {
    const rules = Array.from(
      { length: 1_100 },
      (_, at) => `{id: r${String(at)}, effect: allow, match: {roles: [r${String(at)}]}}`,
    );
    expect(findingsIn(rules)).toMatchObject([{ kind: 'not-compiled', severity: 'error' }]);
  });
});

test('witnesses reproduce, and no request disproves what is said about any policy, readable or not', () => {
  fc.assert(
    fc.property(nativeDocument, fc.array(policyRequest, { minLength: 5, maxLength: 40 }), (document, requests) => {
      const policy = loadPolicy(document);
      const snapshot = compiled([policy]);
      const findings = findConflicts([policy]);
      for (const finding of findings) expectShown(finding, (request) => decide(snapshot, request));
      const useless = new Set(
        findings
          .filter(
            ({ kind, verdict }) => verdict === 'certain' && ['vacuous', 'shadowed', 'redundant', 'dead'].includes(kind),
          )
          .map(({ rules: [first] }) => first?.id),
      );
      const rest = compiled([{ ...policy, rules: policy.rules.filter(({ id }) => !useless.has(id)) }]);
      for (const request of requests) expect(meaningOf(rest, request)).toBe(meaningOf(snapshot, request));
    }),
    { numRuns: 150 },
  );
});

function expectShown(
  { kind, verdict, rules, witness }: Finding,
  decided: (request: PolicyRequest) => ReturnType<typeof decide>,
): void {
  if (witness === null) {
    expect(verdict === 'unknown' || kind === 'vacuous').toBe(true);
    return;
  }
  const { effect, matched } = decided(witness);
  if (kind === 'overlap' || (kind === 'shadowed' && rules[1]?.effect === 'deny')) expect(effect).toBe('deny');
  if (kind === 'conflicting-obligations') {
    const names = matched.map(({ ref }) => ref.id);
    expect(rules.every(({ id }) => names.includes(id))).toBe(true);
  }
}
