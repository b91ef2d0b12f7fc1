import { createHash } from 'node:crypto';
import { partsOf } from '@charter/app-plan/history';
import { brakeAfter, type PlanningSettings, released, type Situation } from '@charter/app-plan/planner';
import { ignorance, intervalOf } from '@charter/learning';
import type { Recommendation, Target, TargetState, Violation } from '@charter/shared/contracts';
import type { ReplayPack } from '../read-pack.ts';
import type { PastIncident } from './past-incidents.ts';
import { instant, type PastViolation } from './read-past.ts';

/** What was seen before an incident began, and what Charter would have done by then. */
export interface PastMemory {
  /** By metric: how many incidents went away within the time that plan watches, of how many. */
  readonly alone: Map<string, { recovered: number; seen: number }>;
  /** Times of acts, by target. */
  readonly acts: Map<string, number[]>;
  /** Components that were in an incident at that time. */
  readonly unhealthy: (at: number) => number;
}

/** An id made of a text: the same backcast gives the same ids. Crockford's base 32, as ULIDs are written. */
export function idFor(text: string): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const bytes = createHash('sha256').update(text).digest();
  return `0${Array.from({ length: 25 }, (_, index) => alphabet[(bytes[index] ?? 0) % 32]).join('')}`;
}

/**
 * What plan would have known when an incident began. Each symptom stands for a cause, targets are as they are declared, and
 * the record of self-recovery is that of the incidents before; nothing of later is used.
 */
export function situationAt(
  incident: PastIncident,
  pack: ReplayPack,
  memory: PastMemory,
  environment: string,
  settings: PlanningSettings,
  joinSeconds: number,
): Situation {
  const now = instant(incident.from);
  const id = idFor(`${incident.component} ${now}`);
  const seen = incident.violations.filter(({ from }) => from <= incident.from + joinSeconds);
  const metrics = [...new Set(seen.map(({ subject }) => subject.metric))];
  const { component } = incident;
  const { targets } = pack.parts;
  return {
    analysis: {
      id,
      incidentId: id,
      revision: 1,
      environment,
      verdict: 'determined',
      mergedInto: null,
      violations: seen.map((one) => violationFrom(one, id, environment)),
      patterns: [],
      rootCauses: metrics.map((metric) => ({ component, metric, confidence: 1, evidence: [] })),
      recommendations: [],
      confidence: 1,
      detectedAt: now,
      analyzedAt: now,
    },
    ...partsOf(pack.parts),
    states: new Map(targets.map((target) => [target.metadata.name, stateAt(target, memory, incident.from, now)])),
    beliefs: {
      recommendations: new Map(
        metrics.map((metric) => [`${component}/${metric}`, recoveryOf(metric, component, memory)] as const),
      ),
      priors: new Map(),
    },
    attempts: [],
    open: [],
    past: [],
    frozen: [],
    brake: brakeAfter(released, { unhealthy: memory.unhealthy(incident.from), targets: targets.length }, now, settings),
    saved: 0,
    now,
  };
}

function violationFrom(
  { subject, labels, source, value, from }: PastViolation,
  incidentId: string,
  environment: string,
): Violation {
  const { fingerprint, rule, component, metric, severity, comparator, threshold, query, description } = subject;
  return {
    id: idFor(`${fingerprint} ${String(from)}`),
    fingerprint,
    episode: 1,
    revision: 1,
    incidentId,
    environment,
    rule,
    component,
    metric,
    severity,
    state: 'firing',
    value,
    threshold,
    comparator,
    labels: { ...labels },
    description,
    source,
    query,
    startedAt: instant(from),
    detectedAt: instant(from),
    resolvedAt: null,
    suppressed: null,
  };
}

const hourSeconds = 3_600;

/** As declared, resting where its own bounds say so after what would have been done before. */
function stateAt(target: Target, { acts }: PastMemory, at: number, readAt: string): TargetState {
  const { name } = target.metadata;
  const { minReplicas, actionsPerHour, cooldown = 0 } = target.limits;
  const done = acts.get(name) ?? [];
  const recent = done.filter((when) => when > at - hourSeconds);
  const spentUntil = recent.length >= actionsPerHour ? (recent[0] ?? at) + hourSeconds : 0;
  const coolUntil = (done.at(-1) ?? Number.NEGATIVE_INFINITY) + cooldown;
  const until = Math.max(spentUntil, coolUntil);
  const spec = { replicas: minReplicas, ...target.declared };
  return {
    name,
    class: target.class,
    group: target.group,
    effector: target.effector.kind,
    guarantee: 'keyed',
    actions: [...target.actions],
    spec,
    previousSpec: spec,
    specHash: null,
    generation: 0,
    holder: null,
    blockedUntil: until > at ? instant(until) : null,
    blockedReason: until > at ? (spentUntil > at ? 'its actions per hour are spent' : 'cool-down') : null,
    readAt,
  };
}

function recoveryOf(metric: string, component: string, { alone }: PastMemory): Recommendation {
  const { recovered, seen } = alone.get(metric) ?? { recovered: 0, seen: 0 };
  const belief = { alpha: ignorance.alpha + recovered, beta: ignorance.beta + seen - recovered };
  const selfRecovery = { trials: seen, ...intervalOf(belief) };
  return { rootCause: metric, component, best: null, reason: '', actions: [], selfRecovery };
}
