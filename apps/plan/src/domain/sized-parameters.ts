import type { ActionParameters, RootCause, Strategy, StrategyParameter, Target } from '@charter/shared/contracts';
import { type Observed, settingFrom } from './fill-parameters.ts';
import type { PlanningSettings } from './settings.ts';
import { sizeFor } from './size-for.ts';
import { type PoolChoice, poolChoice } from './target-capacity.ts';

export type Sized =
  | { readonly parameters: ActionParameters; readonly note: string | null }
  | { readonly blockedBy: string };

/**
 * Replaces `{capacity: true}` by what the target's capacity model chooses, and a relative SCALE_UP by the size an M/M/c
 * model computes, when the root cause's evidence shows a utilization and the model asks for more.
 */
export function sizedParameters(
  parameters: ActionParameters,
  declared: Strategy['actions'][number],
  on: { readonly name: string; readonly observed: Observed; readonly target: Target },
  rootCause: RootCause,
  settings: PlanningSettings,
): Sized {
  if (Object.values(declared.parameters).some(isCapacity))
    return capacityParameters(parameters, declared, on, rootCause);
  const unsized = { parameters, note: null };
  const present = on.observed.spec?.replicas;
  const planned = parameters.replicas;
  const isRelative = typeof declared.parameters.replicas === 'object';
  if (declared.action !== 'SCALE_UP' || !isRelative || on.name !== rootCause.component) return unsized;
  if (typeof present !== 'number' || typeof planned !== 'number') return unsized;
  const utilization = utilizationSeen(rootCause);
  if (utilization === null) return unsized;
  const size = sizeFor(
    { utilization, replicas: present },
    { targetUtilization: settings.sizeUtilization, maxFactor: settings.sizeMaxFactor },
  );
  if (size === null || size <= planned) return unsized;
  const replicas = Math.min(size, on.target.limits.maxReplicas);
  if (replicas <= planned) return unsized;
  return {
    parameters: { ...parameters, replicas },
    note: `${String(replicas)} replicas instead of ${String(planned)}: at a utilization of ${utilization.toFixed(2)} on ${String(present)}, the queueing model asks for ${String(size)}`,
  };
}

const isCapacity = (parameter: StrategyParameter | undefined): boolean =>
  typeof parameter === 'object' && parameter !== null && 'capacity' in parameter && parameter.capacity === true;

function capacityParameters(
  parameters: ActionParameters,
  { parameters: declared }: Strategy['actions'][number],
  { name, observed, target }: { readonly name: string; readonly observed: Observed; readonly target: Target },
  rootCause: RootCause,
): Sized {
  const choice = poolChoice(name, target, observed, rootCause.evidence);
  if ('blockedBy' in choice) return choice;
  const filled: Record<string, ActionParameters[string]> = { ...parameters };
  let changes = false;
  for (const parameter of Object.keys(declared).filter((key) => isCapacity(declared[key]))) {
    const value = chosenValue(parameter, declared, choice);
    if (value === undefined) return { blockedBy: `the capacity model of ${name} computes no ${parameter}` };
    changes ||= value !== settingFrom(observed.spec, parameter, declared);
    filled[parameter] = value;
  }
  return changes ? { parameters: filled, note: choice.note } : { blockedBy: choice.note };
}

function chosenValue(
  parameter: string,
  { key }: Readonly<Record<string, StrategyParameter>>,
  { replicas, dimmer, setting }: PoolChoice,
): number | undefined {
  if (parameter === 'replicas') return replicas;
  return parameter === 'value' && setting !== undefined && key === setting ? dimmer : undefined;
}

/** The newest utilization among the evidence; only a share of capacity counts, no time and no rate. */
function utilizationSeen(rootCause: RootCause): number | null {
  if (!/utili[sz]ation|saturation/i.test(rootCause.metric)) return null;
  const after = rootCause.evidence[0]?.after ?? null;
  return after !== null && after > 0 && after <= 1.05 ? after : null;
}
