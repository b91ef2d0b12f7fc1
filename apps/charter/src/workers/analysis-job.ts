import {
  type ComparisonResult,
  comparePolicies,
  compileCondition,
  type Finding,
  findConflicts,
  type Policy,
  type PolicyRequest,
  type PolicyRule,
} from '@charter/policy';

type PortableRule = Omit<PolicyRule, 'when'> & { readonly when: string | null };

/** A policy without its closures, so that it can be handed to another thread. */
export type PortablePolicy = Omit<Policy, 'rules'> & { readonly rules: readonly PortableRule[] };

/** One analysis: conflicts among policies, or the comparison of two versions. */
export type AnalysisJob =
  | {
      readonly kind: 'conflicts';
      readonly policies: readonly PortablePolicy[];
      readonly traffic: readonly PolicyRequest[];
      readonly environment: string;
    }
  | {
      readonly kind: 'compare';
      readonly before: readonly PortablePolicy[];
      readonly after: readonly PortablePolicy[];
      /** Assumed for requests that name none. */
      readonly environment?: string;
    };

export type AnalysisAnswer =
  | { readonly kind: 'conflicts'; readonly findings: readonly Finding[] }
  | { readonly kind: 'compare'; readonly result: ComparisonResult };

export const portable = (policy: Policy): PortablePolicy => ({
  ...policy,
  rules: policy.rules.map((rule) => ({ ...rule, when: rule.when?.source ?? null })),
});

export function analyze(job: AnalysisJob): AnalysisAnswer {
  if (job.kind === 'compare') {
    const options = job.environment === undefined ? {} : { environment: job.environment };
    return { kind: 'compare', result: comparePolicies(job.before.map(whole), job.after.map(whole), options) };
  }
  const { policies, traffic, environment } = job;
  return { kind: 'conflicts', findings: findConflicts(policies.map(whole), { traffic, environment }) };
}

function whole(policy: PortablePolicy): Policy {
  const rules = policy.rules.map((rule): PolicyRule => {
    if (rule.when === null) return { ...rule, when: null };
    const compiled = compileCondition(rule.when);
    if (!compiled.ok) throw new Error(`the condition of ${rule.id} was valid and is no longer`);
    return { ...rule, when: compiled.program };
  });
  return { ...policy, rules } as Policy;
}
