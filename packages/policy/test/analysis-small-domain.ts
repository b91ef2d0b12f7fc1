import fc from 'fast-check';
import type { NativeDocument, ObligationDocument, RuleDocument } from '../src/document/native-document.ts';
import {
  compilePolicies,
  decide,
  type Effect,
  type Policy,
  type PolicyRequest,
  type PolicySnapshot,
} from '../src/index.ts';

/** Every text of at most this length over the letters. */
export function textsOver(letters: readonly string[], longest: number): string[] {
  let last = [''];
  const all = [...last];
  for (let length = 1; length <= longest; length += 1) {
    last = last.flatMap((text) => letters.map((letter) => text + letter));
    all.push(...last);
  }
  return all;
}

const metrics = ['a', 'b', 'ab', 'a*', '*b', 'a*b', '*', '*a*', 'b*'];
const conditions = [
  'plan.risk >= 0.3',
  'plan.risk < 0.3',
  '!(plan.risk > 0.5)',
  'plan.risk == 0.5 || inWindow("w")',
  'has(plan.risk) && plan.risk < 0.5',
  '!inWindow("w")',
  'metric.startsWith("a")',
  '!metric.endsWith("b") && role != "r"',
  'role in ["r", "s"]',
  'has(plan.risk) ? plan.risk > 0.3 : inWindow("w")',
  'false',
];
const some = <T>(...items: readonly T[]): fc.Arbitrary<T[]> =>
  fc.uniqueArray(fc.constantFrom(...items), { minLength: 1, maxLength: 2 });
const obligation = fc.constantFrom<ObligationDocument>(
  { redact: ['labels.a'] },
  { approvers: 'sre', quorum: 1 },
  { approvers: 'sre', quorum: 2 },
  { limit: { perHour: 2 } },
);

export const smallRule: fc.Arbitrary<Omit<RuleDocument, 'id'>> = fc
  .record(
    {
      effect: fc.constantFrom<Effect>('allow', 'allow', 'deny', 'require-approval'),
      match: fc.record(
        { actions: some('x', 'y', '*'), metrics: some(...metrics), roles: some('r', 's') },
        { requiredKeys: ['actions'] },
      ),
      when: fc.constantFrom(...conditions),
      obligations: fc.array(obligation, { minLength: 1, maxLength: 1 }),
    },
    { requiredKeys: ['effect', 'match'] },
  )
  .map(({ obligations, ...rule }) =>
    obligations === undefined || rule.effect === 'deny' ? rule : { ...rule, obligations },
  );

export const smallDocument = (most: number): fc.Arbitrary<NativeDocument> =>
  fc.array(smallRule, { minLength: 1, maxLength: most }).map((rules) => ({
    apiVersion: 'charter/v1',
    kind: 'Policy',
    metadata: { name: 'small' },
    rules: rules.map((rule, at) => ({ id: `rule-${String(at)}`, ...rule })),
  }));

/** One request for each way the documents of `smallDocument` can tell requests apart. */
export const smallRequests: readonly PolicyRequest[] = ['x', 'y', 'q'].flatMap((action) =>
  [undefined, ...textsOver(['a', 'b', 'z'], 3)].flatMap((metric) =>
    [undefined, 'r', 's', 'q'].flatMap((role) =>
      [undefined, {}, ...[0.1, 0.3, 0.4, 0.5, 0.6].map((risk) => ({ risk }))].flatMap((plan) =>
        [undefined, [], ['w']].map((windows) => ({ action, metric, role, plan, windows, now: 0 })),
      ),
    ),
  ),
);

export function compiled(policies: readonly Policy[]): PolicySnapshot {
  const result = compilePolicies(policies);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.snapshot;
}

/** What a decision means for the one who asked: its effect and, unless denied, its duties. */
export function meaningOf(snapshot: PolicySnapshot, request: PolicyRequest): string {
  const { effect, obligations, automation } = decide(snapshot, request);
  return effect === 'deny' ? effect : JSON.stringify([effect, obligations, automation]);
}
