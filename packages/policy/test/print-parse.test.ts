import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Policy, type PolicyResult, parsePolicy, printPolicy } from '../src/index.ts';
import { nativeDocument } from './policy-arbitrary.ts';

const metricNames = fc.uniqueArray(fc.stringMatching(/^[a-z_]{1,12}$/), { maxLength: 6 });

const classicDocument = fc.record(
  {
    charter: fc.record({
      name: fc.string({ minLength: 1, maxLength: 20 }),
      version: fc.oneof(fc.constantFrom('1.0', '2'), fc.nat(9)),
      metadata: fc.dictionary(fc.stringMatching(/^x_[a-z]{1,5}$/), fc.string()),
      notes: fc.string(),
    }),
    whitelisted_metrics: fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), metricNames, { maxKeys: 3 }),
    forbidden_metrics: metricNames.map((names) => names.map((name) => `user_${name}_x`)),
    access_control: fc.record({
      read_access: fc.array(fc.record({ role: fc.constantFrom('sre', 'dev'), note: fc.string() })),
    }),
    violation_policy: fc.record({
      levels: fc.array(
        fc.record({ name: fc.constantFrom('HIGH', 'CRITICAL'), threshold: fc.integer({ min: 1, max: 9 }) }),
      ),
    }),
    emergency_override: fc.record({ enabled: fc.boolean(), max_duration_hours: fc.nat(99) }),
    whistleblower_policy: fc.record({ anonymous_reporting: fc.boolean(), protected_channels: fc.array(fc.string()) }),
  },
  { requiredKeys: ['charter'] },
);

function policyOf(result: PolicyResult): Policy {
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.policy;
}

describe.each(['yaml', 'json'] as const)('printed as %s', (format) => {
  test('a native policy is read back unchanged', () => {
    fc.assert(
      fc.property(nativeDocument, (document) => {
        const policy = policyOf(parsePolicy(document));
        const again = policyOf(parsePolicy(printPolicy(policy, format), { format }));
        expect(again.document).toEqual(document);
        expect(printPolicy(again, format)).toBe(printPolicy(policy, format));
      }),
      { numRuns: 100 },
    );
  });

  test('a classic policy is read back unchanged, unknown notes included', () => {
    fc.assert(
      fc.property(classicDocument, (document) => {
        const parsed = parsePolicy(document);
        fc.pre(parsed.ok);
        const again = policyOf(parsePolicy(printPolicy(policyOf(parsed), format), { format }));
        expect(again.document).toEqual(document);
      }),
      { numRuns: 100 },
    );
  });

  test.each(['development', 'staging', 'production'])('the %s document survives the round trip', (name) => {
    const text = readFileSync(new URL(`../../../deploy/policies/${name}.yaml`, import.meta.url), 'utf8');
    const policy = policyOf(parsePolicy(text));
    expect(policyOf(parsePolicy(printPolicy(policy, format), { format })).document).toEqual(policy.document);
  });
});
