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
  const { effect, rule, matched, observed, errors, obligations, automation } = decide(snapshot, request);
  return {
    effect,
    rule: rule?.id ?? null,
    matched: matched.map(({ index }) => index),
    observed: observed.map(({ index }) => index).sort((a, b) => a - b),
    failed: errors.length,
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
