import type { MetricWatch, Rule, Target, Verification, VerificationSignal, Violation } from '@charter/shared/contracts';
import type { Candidate } from './candidate.ts';
import { actionable } from './restraint.ts';
import type { PlanningSettings } from './settings.ts';

/** The parts of a pack that say what to look at. */
export interface Watched {
  readonly targets: ReadonlyMap<string, Target>;
  readonly rules: ReadonlyMap<string, Rule>;
  /** Firing violations of incidents that became part of this one: they have to end as well. */
  readonly merged?: readonly Violation[];
  /** How often such violations go away by themselves. */
  readonly selfRecovery?: number;
}

/** Which comparator means worse; a signal that is bad both ways cannot show a side effect. */
const worseBy = { up: '>', down: '<', both: null } as const satisfies Record<MetricWatch['worse'], string | null>;

/**
 * What to look at after acting: the violated rules themselves, then all rules and signals of the targets and of what
 * calls or serves them, which must not get worse, and the violated rules on peers that are left alone, which tell what
 * happens without acting.
 */
export function verificationOf(
  candidate: Candidate | null,
  violations: readonly Violation[],
  watched: Watched,
  settings: PlanningSettings,
): Verification {
  const violated = actionable(violations).map((violation) => violatedSignal(violation, watched.rules));
  const neighbors = candidate ? neighborSignals(candidate, watched, violated) : [];
  const peers = candidate ? peerSignals(candidate, watched, violated).slice(0, settings.verifyPeers) : [];
  const own = [...violated, ...neighbors].slice(0, settings.verifySignals - peers.length);
  return {
    signals: [...own, ...peers],
    delaySeconds: Math.max(0, ...(candidate?.actions.map(({ delaySeconds }) => delaySeconds) ?? [])),
    samples: settings.verifySamples,
    intervalSeconds: settings.verifyIntervalSeconds,
    windowSeconds: settings.verifyWindowSeconds,
    ...(watched.selfRecovery === undefined ? {} : { selfRecovery: watched.selfRecovery }),
  };
}

/** A rule with hysteresis is only resolved beyond its second threshold. */
const violatedSignal = (violation: Violation, rules: ReadonlyMap<string, Rule>): VerificationSignal => ({
  role: 'violated',
  fingerprint: violation.fingerprint,
  rule: violation.rule,
  component: violation.component,
  metric: violation.metric,
  query: violation.query,
  comparator: violation.comparator,
  threshold: rules.get(violation.rule)?.resolveThreshold ?? violation.threshold,
  before: violation.value,
});

/** What is acted on, and what calls or serves it: the change may show there. */
function reachOf(candidate: Candidate, targets: Watched['targets']): Set<string> {
  const acted = new Set(candidate.actions.map(({ target }) => target));
  const served = [...acted].flatMap((name) => targets.get(name)?.dependsOn ?? []);
  const callers = [...targets.values()].filter(({ dependsOn }) => dependsOn.some((name) => acted.has(name)));
  return new Set([...acted, ...callers.map(({ metadata }) => metadata.name), ...served]);
}

/** The violated rules on targets of the same class that the change cannot reach; a rule for one component has no peers. */
function peerSignals(
  candidate: Candidate,
  { targets, rules }: Watched,
  violated: readonly VerificationSignal[],
): VerificationSignal[] {
  const reach = reachOf(candidate, targets);
  return violated.flatMap((signal) => {
    const rule = rules.get(signal.rule);
    const kind = targets.get(signal.component)?.class;
    if (signal.query === null || rule === undefined || rule.component !== undefined || kind === undefined) return [];
    const names = [...targets.values()].filter((target) => target.class === kind).map(({ metadata }) => metadata.name);
    return names
      .filter((name) => !reach.has(name) && !violated.some((own) => own.rule === signal.rule && own.component === name))
      .map(
        (component): VerificationSignal => ({ ...signal, role: 'peer', component, fingerprint: null, before: null }),
      );
  });
}

function neighborSignals(
  candidate: Candidate,
  { targets, rules }: Watched,
  violated: readonly VerificationSignal[],
): VerificationSignal[] {
  const names = reachOf(candidate, targets);
  const known = new Set(
    violated.flatMap(({ component, rule, metric }) => [`${component} ${rule}`, `${component} ${metric}`]),
  );
  return [...names]
    .flatMap((component) => [...ruleSignals(component, rules), ...ownSignals(component, targets)])
    .filter(
      ({ component, rule, metric }) => !known.has(`${component} ${rule}`) && !known.has(`${component} ${metric}`),
    );
}

function ruleSignals(component: string, rules: ReadonlyMap<string, Rule>): VerificationSignal[] {
  return [...rules.values()].flatMap(({ metadata, query, metric, comparator, threshold, component: only }) =>
    query === undefined || threshold === undefined || (only !== undefined && only !== component)
      ? []
      : [neighbor({ component, rule: metadata.name, metric, query, comparator, threshold })],
  );
}

function ownSignals(component: string, targets: ReadonlyMap<string, Target>): VerificationSignal[] {
  return (targets.get(component)?.signals ?? []).flatMap(({ name, query, worse }) => {
    const comparator = worseBy[worse];
    return comparator === null
      ? []
      : [neighbor({ component, rule: name, metric: name, query, comparator, threshold: null })];
  });
}

const neighbor = (
  seen: Pick<VerificationSignal, 'component' | 'rule' | 'metric' | 'query' | 'comparator' | 'threshold'>,
): VerificationSignal => ({ role: 'neighbor', fingerprint: null, before: null, ...seen });
