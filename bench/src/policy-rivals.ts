import { createRequire } from 'node:module';
import { CelScalar, celEnv, isCelError, mapType, parse, plan } from '@bufbuild/cel';
import { AbilityBuilder, createMongoAbility, subject } from '@casl/ability';
import { compilePolicies, decide, type PolicyRequest, type PolicySnapshot } from '@charter/policy';
import { newEnforcer, newModel, StringAdapter } from 'casbin';
import type { WorkloadCondition, WorkloadRequest, WorkloadRule } from './policy-workload.ts';

/** An engine under comparison: true is allowed. */
export interface Rival {
  readonly name: string;
  readonly allows: (request: WorkloadRequest) => boolean;
  /** Milliseconds from the engine's own form of the rules to the first decision. */
  readonly loadMs: number;
}

type Cedar = typeof import('@cedar-policy/cedar-wasm/nodejs');

async function timed<T>(build: () => T | Promise<T>): Promise<readonly [T, number]> {
  const start = performance.now();
  const built = await build();
  return [built, performance.now() - start];
}

/** Cedar through its WebAssembly build, the policy set parsed once and kept inside. */
export async function cedarFrom(rules: readonly WorkloadRule[]): Promise<Rival> {
  const cedar: Cedar = createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs');
  const text = rules.map(cedarRule).join('\n');
  const id = `bench-${String(rules.length)}`;
  const [answer, loadMs] = await timed(() => cedar.preparsePolicySet(id, { staticPolicies: text }));
  if (answer.type !== 'success') throw new Error(JSON.stringify(answer));
  const principal = { type: 'User', id: 'u' };
  const resource = { type: 'Telemetry', id: 't' };
  return {
    name: 'Cedar wasm, preparsed',
    loadMs,
    allows: ({ action, metric, role, purpose, environment, labels, plan: { steps }, value }) => {
      const result = cedar.statefulIsAuthorized({
        principal,
        action: { type: 'Action', id: action },
        resource,
        context: { metric, role, purpose, environment, labels, steps, value },
        preparsedPolicySetId: id,
        entities: [],
      });
      return result.type === 'success' && result.response.decision === 'allow';
    },
  };
}

function cedarRule(rule: WorkloadRule): string {
  const list = (items: readonly string[]): string => JSON.stringify(items);
  const tests = [
    `(${rule.metrics.map((metric) => `context.metric like ${JSON.stringify(metric)}`).join(' || ')})`,
    `${list(rule.roles)}.contains(context.role)`,
    ...(rule.purposes === null ? [] : [`${list(rule.purposes)}.contains(context.purpose)`]),
    ...(rule.environment === null ? [] : [`context.environment == ${JSON.stringify(rule.environment)}`]),
    ...(rule.condition === null ? [] : [cedarCondition(rule.condition)]),
  ];
  const effect = rule.effect === 'allow' ? 'permit' : 'forbid';
  return `${effect}(principal, action == Action::${JSON.stringify(rule.action)}, resource) when { ${tests.join(' && ')} };`;
}

function cedarCondition(condition: WorkloadCondition): string {
  if (condition.kind === 'label') return `context.labels.env == ${JSON.stringify(condition.value)}`;
  if (condition.kind === 'steps') return `context.steps < ${String(condition.below)}`;
  return `context.value > ${String(condition.above)}`;
}

/** Casbin: one policy line a rule, patterns and conditions through functions registered for the matcher. */
export async function casbinFrom(rules: readonly WorkloadRule[]): Promise<Rival> {
  const model = newModel(`[request_definition]
r = act, metric, role, purpose, env, facts
[policy_definition]
p = act, index, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.act == p.act && fits(p.index, r.metric, r.role, r.purpose, r.env, r.facts)
`);
  const lines = rules.map((rule, at) => `p, ${rule.action}, ${String(at)}, ${rule.effect}`).join('\n');
  const tests = rules.map(testFrom);
  const [enforcer, loadMs] = await timed(() => newEnforcer(model, new StringAdapter(lines)));
  await enforcer.addFunction(
    'fits',
    (index: string, metric: string, role: string, purpose: string, environment: string, facts: WorkloadRequest) =>
      tests[Number(index)]?.(metric, role, purpose, environment, facts) ?? false,
  );
  return {
    name: 'Casbin',
    loadMs,
    allows: (request) =>
      enforcer.enforceSync(request.action, request.metric, request.role, request.purpose, request.environment, request),
  };
}

type Test = (metric: string, role: string, purpose: string, environment: string, facts: WorkloadRequest) => boolean;

function testFrom(rule: WorkloadRule): Test {
  const patterns = rule.metrics.map(regExpFrom);
  const { condition } = rule;
  return (metric, role, purpose, environment, facts) =>
    patterns.some((pattern) => pattern.test(metric)) &&
    rule.roles.includes(role) &&
    (rule.purposes === null || rule.purposes.includes(purpose)) &&
    (rule.environment === null || rule.environment === environment) &&
    (condition === null || holds(condition, facts));
}

export function holds(condition: WorkloadCondition, facts: WorkloadRequest): boolean {
  if (condition.kind === 'label') return facts.labels.env === condition.value;
  if (condition.kind === 'steps') return facts.plan.steps < condition.below;
  return facts.value > condition.above;
}

const regExpFrom = (pattern: string): RegExp => new RegExp(`^${pattern.replaceAll('*', '.*')}$`);

/** CASL: conditions as queries; denials come last because the last matching rule wins there. */
export async function caslFrom(rules: readonly WorkloadRule[]): Promise<Rival> {
  const [ability, loadMs] = await timed(() => {
    const { build, can, cannot } = new AbilityBuilder(createMongoAbility);
    for (const rule of rules) if (rule.effect === 'allow') can(rule.action, 'Telemetry', caslQuery(rule));
    for (const rule of rules) if (rule.effect === 'deny') cannot(rule.action, 'Telemetry', caslQuery(rule));
    return build();
  });
  return {
    name: 'CASL',
    loadMs,
    allows: (request) =>
      ability.can(
        request.action,
        subject('Telemetry', {
          metric: request.metric,
          role: request.role,
          purpose: request.purpose,
          environment: request.environment,
          env: request.labels.env,
          steps: request.plan.steps,
          value: request.value,
        }),
      ),
  };
}

function caslQuery({ metrics, roles, purposes, environment, condition }: WorkloadRule): Record<string, unknown> {
  const isExact = metrics.every((metric) => !metric.includes('*'));
  const [pattern = ''] = metrics;
  return {
    metric: isExact ? { $in: metrics } : { $regex: regExpFrom(pattern) },
    role: { $in: roles },
    ...(purposes === null ? {} : { purpose: { $in: purposes } }),
    ...(environment === null ? {} : { environment }),
    ...(condition?.kind === 'label' ? { env: condition.value } : {}),
    ...(condition?.kind === 'steps' ? { steps: { $lt: condition.below } } : {}),
    ...(condition?.kind === 'value' ? { value: { $gt: condition.above } } : {}),
  };
}

/** `@bufbuild/cel` evaluating the conditions behind the Charter's own index. */
export async function bufbuildFrom(snapshot: PolicySnapshot): Promise<Rival> {
  const environment = celEnv({
    variables: {
      labels: mapType(CelScalar.STRING, CelScalar.STRING),
      plan: mapType(CelScalar.STRING, CelScalar.INT),
      value: CelScalar.DOUBLE,
    },
  });
  const evaluators = new Map<string, (request: PolicyRequest) => unknown>();
  const evaluatorFor = (source: string) => {
    const known = evaluators.get(source);
    if (known !== undefined) return known;
    const run = plan(environment, parse(source));
    const evaluate = ({ labels, plan: facts, value }: PolicyRequest): unknown => {
      const result = run({ labels: labels ?? {}, plan: { steps: BigInt(facts?.steps ?? 0) }, value: Number(value) });
      return isCelError(result) ? null : result;
    };
    evaluators.set(source, evaluate);
    return evaluate;
  };
  const [compiled, loadMs] = await timed(() =>
    compilePolicies(
      snapshot.policies.map((policy) => ({
        ...policy,
        rules: policy.rules.map((rule) =>
          rule.when === null ? rule : { ...rule, when: { ...rule.when, evaluate: evaluatorFor(rule.when.source) } },
        ),
      })),
    ),
  );
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  return {
    name: '@bufbuild/cel behind the same index',
    loadMs,
    allows: (request) => decide(compiled.snapshot, request).effect === 'allow',
  };
}
