import fc from 'fast-check';
import type { NativeDocument, RuleDocument } from '../src/document/native-document.ts';
import type { PolicyRequest } from '../src/index.ts';

const words = ['billing', 'billing_card', 'billing_total', 'cpu', 'cpu_usage', 'latency', 'a', 'ab', 'abc'];
const actions = ['collect', 'export', 'read', 'RESTART_SERVICE', 'SCALE_UP'];
const targets = ['checkout/api', 'checkout/web', 'cart/api', 'cart', 'db'];
const roles = ['analyst', 'auditor', 'sre', 'sre-lead'];
const few = <T>(items: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(items, { minLength: 1, maxLength: 3 });

/** A pattern made from a name: itself, or with stars in front, behind or inside. */
const patternOf = (names: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...names), fc.nat(5), fc.nat(4))
    .map(([name, shape, at]) =>
      shape < 2
        ? name
        : shape === 2
          ? `${name.slice(0, at)}*`
          : shape === 3
            ? `*${name.slice(at)}`
            : shape === 4
              ? `${name.slice(0, at)}*${name.slice(at + 1)}`
              : '*',
    );

const conditions = [
  'labels.env == "prod"',
  'plan.risk >= 0.3 || !inWindow("business")',
  'plan.risk < 0.5 && plan.confidence > 0.6',
  'role != "sre"',
  'value > 10.0',
  'hour >= 9 && hour < 17',
  'metric.startsWith("billing") && !has(labels.exempt)',
  'labels.exists(key, key.startsWith("e"))',
  'target.matches("^c[ah]")',
];

const match = fc
  .record(
    {
      actions: few(patternOf(actions)),
      metrics: few(patternOf(words)),
      targets: few(patternOf(targets)),
      roles: few(patternOf(roles)),
      purposes: few(fc.constantFrom('reporting', 'billing')),
      environments: few(patternOf(['production', 'staging'])),
      classes: few(fc.constantFrom('service', 'database')),
      groups: few(fc.constantFrom('shop', 'core')),
    },
    { requiredKeys: [] },
  )
  .filter((keys) => Object.keys(keys).length > 0);

const obligation = fc.oneof(
  fc.record({ redact: few(fc.constantFrom('labels.a', 'labels.b')) }),
  fc.record({ approvers: fc.constantFrom('sre', 'dba'), quorum: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ limit: fc.record({ perHour: fc.nat(9), blastRadius: fc.constantFrom('25%', 0.5) }) }),
);

const rule: fc.Arbitrary<Omit<RuleDocument, 'id'>> = fc.record(
  {
    effect: fc.constantFrom('allow', 'allow', 'deny', 'require-approval'),
    match,
    when: fc.constantFrom(...conditions),
    rollout: fc.constantFrom('enforce', 'enforce', 'warn', 'shadow'),
    automation: fc.record({ max: fc.constantFrom('observe', 'approve', 'auto') }),
    obligations: fc.array(obligation, { maxLength: 2 }),
    description: fc.string({ maxLength: 20 }),
  },
  { requiredKeys: ['effect', 'match'] },
);

const metadata = fc.record(
  {
    name: fc.stringMatching(/^[a-z][a-z -]{0,12}$/),
    environment: fc.constantFrom('production', 'staging'),
    version: fc.constantFrom('1', '2.0', 'v3'),
    owner: fc.string({ minLength: 1, maxLength: 12 }),
  },
  { requiredKeys: ['name'] },
);

export const nativeDocument: fc.Arbitrary<NativeDocument> = fc
  .record(
    {
      apiVersion: fc.constant('charter/v1' as const),
      kind: fc.constant('Policy' as const),
      metadata,
      rollout: fc.constantFrom('enforce', 'enforce', 'warn'),
      rules: fc.array(rule, { minLength: 1, maxLength: 14 }),
    },
    { requiredKeys: ['apiVersion', 'kind', 'metadata', 'rules'] },
  )
  .map((document) => ({
    ...document,
    rules: document.rules.map((body, index) => ({ id: `rule-${String(index)}`, ...body })),
  }));

export const policyRequest: fc.Arbitrary<PolicyRequest> = fc.record(
  {
    action: fc.constantFrom(...actions, 'unheard-of'),
    metric: fc.constantFrom(...words, 'other', ''),
    target: fc.constantFrom(...targets, 'x'),
    targetClass: fc.constantFrom('service', 'database', 'queue'),
    group: fc.constantFrom('shop', 'core', 'else'),
    role: fc.constantFrom(...roles, 'guest'),
    purpose: fc.constantFrom('reporting', 'billing', 'none'),
    environment: fc.constantFrom('production', 'staging', 'development'),
    labels: fc.dictionary(fc.constantFrom('env', 'exempt', 'x'), fc.constantFrom('prod', 'dev'), { maxKeys: 3 }),
    plan: fc.record(
      { risk: fc.double({ min: 0, max: 1, noNaN: true }), confidence: fc.constantFrom(0.5, 0.7) },
      { requiredKeys: [] },
    ),
    value: fc.oneof(fc.integer({ min: -20, max: 40 }), fc.constant('text')),
    windows: fc.constantFrom<readonly string[]>([], ['business'], ['freeze']),
    now: fc.integer({ min: 1_760_000_000_000, max: 1_770_000_000_000 }),
  },
  { requiredKeys: ['action', 'now'] },
);
