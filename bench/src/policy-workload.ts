import type { PolicyRequest } from '@charter/policy';

/**
 * Rules and requests that every engine of the comparison can express: allow and deny, names with patterns, roles,
 * purposes, environments and a condition. Numbers are whole so that engines without floating point decide alike.
 */
export interface WorkloadRule {
  readonly id: string;
  readonly effect: 'allow' | 'deny';
  readonly action: string;
  readonly metrics: readonly string[];
  readonly roles: readonly string[];
  readonly purposes: readonly string[] | null;
  readonly environment: string | null;
  readonly condition: WorkloadCondition | null;
}

export type WorkloadCondition =
  | { readonly kind: 'label'; readonly value: string }
  | { readonly kind: 'steps'; readonly below: number }
  | { readonly kind: 'value'; readonly above: number };

export interface WorkloadRequest extends PolicyRequest {
  readonly metric: string;
  readonly role: string;
  readonly purpose: string;
  readonly environment: string;
  readonly labels: { readonly env: string };
  readonly plan: { readonly steps: number };
  readonly value: number;
}

export interface Workload {
  readonly rules: readonly WorkloadRule[];
  readonly requests: readonly WorkloadRequest[];
}

const actions = ['collect', 'export', 'read', 'share', 'aggregate', 'delete', 'sample', 'archive'];
const roles = ['analyst', 'auditor', 'sre', 'developer', 'support', 'finance', 'research', 'partner'];
const purposes = ['reporting', 'billing', 'debugging', 'capacity', 'security'];
const environments = ['development', 'staging', 'production'];
const kinds = ['total', 'seconds', 'bytes', 'ratio', 'errors'];
const clock = Date.UTC(2026, 0, 5, 12);

/** The same workload for the same size, on every machine. */
export function createWorkload(size: number, requestCount: number): Workload {
  const random = mulberry(size);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const some = <T>(items: readonly T[], most: number): T[] => {
    const chosen = new Set<T>();
    for (let at = 1 + Math.floor(random() * most); at > 0; at -= 1) chosen.add(pick(items));
    return [...chosen];
  };
  const services = Math.max(4, Math.ceil(size / 10));
  const name = (): string => `svc${String(Math.floor(random() * services))}_${pick(kinds)}`;
  const pattern = (): string => {
    const service = `svc${String(Math.floor(random() * services))}`;
    return random() < 0.8 ? `${service}_*` : `${service}_*s`;
  };
  const condition = (): WorkloadCondition | null => {
    const draw = random();
    if (draw < 0.6) return null;
    if (draw < 0.75) return { kind: 'label', value: pick(['prod', 'dev']) };
    if (draw < 0.9) return { kind: 'steps', below: 1 + Math.floor(random() * 9) };
    return { kind: 'value', above: Math.floor(random() * 100) };
  };
  const rules = Array.from(
    { length: size },
    (_, at): WorkloadRule => ({
      id: `rule-${String(at)}`,
      effect: random() < 0.85 ? 'allow' : 'deny',
      action: pick(actions),
      metrics: random() < 0.65 ? some([name(), name(), name()], 3) : [pattern()],
      roles: some(roles, 3),
      purposes: random() < 0.5 ? some(purposes, 2) : null,
      environment: random() < 0.5 ? pick(environments) : null,
      condition: condition(),
    }),
  );
  const requests = Array.from({ length: requestCount }, (): WorkloadRequest => {
    const like = pick(rules);
    const known = like.metrics[0]?.replace('*', pick(kinds)) ?? '';
    return {
      action: like.action,
      metric: random() < 0.8 ? known : name(),
      role: random() < 0.7 ? pick(like.roles) : pick(roles),
      purpose: like.purposes === null ? pick(purposes) : pick(like.purposes),
      environment: like.environment ?? pick(environments),
      labels: { env: pick(['prod', 'dev']) },
      plan: { steps: Math.floor(random() * 10) },
      value: Math.floor(random() * 100),
      now: clock,
    };
  });
  // Through JSON, so that the strings of requests are not the very strings of the rules.
  return { rules, requests: JSON.parse(JSON.stringify(requests)) };
}

/** The rules as a native Charter document. */
export function documentFrom(rules: readonly WorkloadRule[]): object {
  return {
    apiVersion: 'charter/v1',
    kind: 'Policy',
    metadata: { name: 'bench' },
    rules: rules.map((rule) => ({
      id: rule.id,
      effect: rule.effect,
      match: {
        actions: [rule.action],
        metrics: rule.metrics,
        roles: rule.roles,
        ...(rule.purposes === null ? {} : { purposes: rule.purposes }),
        ...(rule.environment === null ? {} : { environments: [rule.environment] }),
      },
      ...(rule.condition === null ? {} : { when: celFrom(rule.condition) }),
    })),
  };
}

export function celFrom(condition: WorkloadCondition): string {
  if (condition.kind === 'label') return `labels.env == "${condition.value}"`;
  if (condition.kind === 'steps') return `plan.steps < ${String(condition.below)}`;
  return `value > ${String(condition.above)}.0`;
}

/** A small generator with a seed (mulberry32). */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
