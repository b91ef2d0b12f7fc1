import {
  isBreaking,
  type Precondition,
  type RootCause,
  type TargetState,
  type Violation,
} from '@charter/shared/contracts';

/** What a strategy's preconditions are held against. */
export interface PreconditionFacts {
  readonly rootCause: RootCause;
  readonly states: ReadonlyMap<string, TargetState>;
  readonly violations: readonly Violation[];
}

export interface PreconditionsChecked {
  /** The first that does not hold, with what there is instead; null when all do. */
  readonly unmet: string | null;
  /** Those that hold, in words. */
  readonly met: readonly string[];
}

type Known = number | string | boolean;

export function checkPreconditions(
  preconditions: readonly Precondition[],
  facts: PreconditionFacts,
): PreconditionsChecked {
  const met: string[] = [];
  for (const precondition of preconditions) {
    const target = precondition.target ?? facts.rootCause.component;
    const name = `${precondition.setting ?? precondition.metric ?? ''} of ${target}`;
    const wanted = `${precondition.comparator} ${String(precondition.value)}`;
    const now = whatIsNow(precondition, target, facts);
    if (now === null) return { unmet: `it needs ${name} ${wanted}, and ${name} is not known`, met };
    if (!holds(now, precondition)) return { unmet: `it needs ${name} ${wanted}, and it is ${String(now)}`, met };
    met.push(`${name} is ${String(now)}, as it needs: ${wanted}`);
  }
  return { unmet: null, met };
}

function holds(now: Known, { comparator, value }: Precondition): boolean {
  if (typeof now === 'number' && typeof value === 'number') return isBreaking(now, comparator, value);
  return comparator === '==' ? now === value : comparator === '!=' && now !== value;
}

function whatIsNow({ setting, metric }: Precondition, target: string, facts: PreconditionFacts): Known | null {
  if (setting !== undefined) return settingOf(facts.states.get(target)?.spec ?? null, setting);
  return metric === undefined ? null : metricOf(metric, target, facts);
}

function settingOf(spec: unknown, path: string): Known | null {
  const value = path
    .split('.')
    .reduce<unknown>(
      (at, key) => (typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined),
      spec,
    );
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? value : null;
}

/** What was violated says most; else what the analysis found. */
function metricOf(metric: string, component: string, { violations, rootCause }: PreconditionFacts): number | null {
  const violated = violations.find((each) => each.component === component && each.metric === metric);
  if (violated?.value != null) return violated.value;
  return rootCause.evidence.find(({ series }) => series === `${component}#${metric}`)?.after ?? null;
}
