import type { Policy } from '@charter/policy';
import { canonicalJson } from '@charter/shared/contracts';

/**
 * Whether two versions of a policy differ in nothing but their rules. Comparing versions weighs rules alone; what else a
 * document sets (who approves changes, when attempts escalate, how long overrides last) may loosen unseen.
 */
export function isSameGovernance(before: Policy, after: Policy): boolean {
  return (
    before.form === after.form &&
    before.environment === after.environment &&
    canonicalJson(besidesRules(before)) === canonicalJson(besidesRules(after))
  );
}

function besidesRules(policy: Policy): unknown {
  if (policy.form === 'native') {
    const { requiresApproval, escalation } = policy;
    return { requiresApproval, escalation };
  }
  const {
    charter,
    whitelisted_metrics: _in,
    forbidden_metrics: _out,
    access_control: _readers,
    ...rest
  } = policy.document;
  const { version: _version, ...identity } = charter;
  return { ...rest, charter: identity };
}
