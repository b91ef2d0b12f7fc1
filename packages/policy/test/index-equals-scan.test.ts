import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  compilePolicies,
  decide,
  explain,
  type Policy,
  type PolicyRequest,
  type PolicySnapshot,
  parsePolicy,
} from '../src/index.ts';
import { naiveDecide } from './naive-decide.ts';
import { nativeDocument, policyRequest } from './policy-arbitrary.ts';

const runs = process.env.CHARTER_FULL === '1' ? 4_000 : 400;

function snapshotOf(documents: readonly object[]): PolicySnapshot {
  const policies = documents.map((document): Policy => {
    const parsed = parsePolicy(document);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    return parsed.policy;
  });
  const compiled = compilePolicies(policies);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  return compiled.snapshot;
}

function indexed(snapshot: PolicySnapshot, request: PolicyRequest) {
  const { effect, rule, matched, observed, obligations, automation } = decide(snapshot, request);
  return {
    effect,
    rule: rule?.id ?? null,
    matched: matched.map(({ index }) => index),
    observed: observed.map(({ index }) => index).sort((a, b) => a - b),
    obligations,
    automation,
  };
}

test('the index decides like a scan of every rule, down to the deciding rule and its duties', () => {
  fc.assert(
    fc.property(
      fc.array(nativeDocument, { minLength: 1, maxLength: 3 }),
      fc.array(policyRequest, { minLength: 1, maxLength: 25 }),
      (documents, requests) => {
        const snapshot = snapshotOf(documents);
        for (const request of [...requests, ...requests]) {
          expect(indexed(snapshot, request)).toEqual(naiveDecide(snapshot, request));
        }
      },
    ),
    { numRuns: runs },
  );
});

test('a rule for another environment than its policy applies nowhere', () => {
  const snapshot = snapshotOf([
    {
      apiVersion: 'charter/v1',
      kind: 'Policy',
      metadata: { name: 'a', environment: 'staging' },
      rules: [{ id: 'elsewhere', effect: 'allow', match: { environments: ['production'] } }],
    },
  ]);
  for (const environment of [undefined, 'staging', 'production']) {
    expect(decide(snapshot, { action: 'collect', environment, now: 0 })).toMatchObject({ effect: 'deny', rule: null });
  }
});

test('an explanation agrees with the decision it explains', () => {
  fc.assert(
    fc.property(nativeDocument, policyRequest, (document, request) => {
      const decision = decide(snapshotOf([document]), request);
      const { effect, rule, reasons, trace } = explain(decision);
      expect(effect).toBe(decision.effect);
      expect(reasons.length).toBeGreaterThan(0);
      const taking = trace.filter(({ outcome }) => outcome !== 'condition-false').map(({ rule: { id } }) => id);
      expect(rule === null || taking.includes(rule.id)).toBe(true);
    }),
    { numRuns: runs },
  );
});

test('attributes with more patterns than a mask has bits are compared by name', () => {
  const names = Array.from({ length: 45 }, (_, at) => `role-${String(at)}`);
  const patterns = fc.constantFrom(...names, 'role-1*', '*-2', 'lead');
  const rules = fc.array(fc.array(patterns, { minLength: 1, maxLength: 3 }), { minLength: 45, maxLength: 60 });
  const request = fc.record({ role: fc.constantFrom(undefined, ...names, 'role-199', 'lead', 'x') });
  fc.assert(
    fc.property(rules, fc.array(request, { minLength: 1, maxLength: 20 }), (lists, requests) => {
      const snapshot = snapshotOf([
        {
          apiVersion: 'charter/v1',
          kind: 'Policy',
          metadata: { name: 'wide' },
          rules: [names, ...lists].map((roles, at) => ({
            id: `rule-${String(at)}`,
            effect: at % 3 === 1 ? 'deny' : 'allow',
            match: { actions: ['x'], roles },
          })),
        },
      ]);
      expect(snapshot.dimensions.roles.isWide).toBe(true);
      for (const { role } of requests) {
        const asked = { action: 'x', role, now: 0 };
        expect(indexed(snapshot, asked)).toEqual(naiveDecide(snapshot, asked));
      }
    }),
    { numRuns: 60 },
  );
});
