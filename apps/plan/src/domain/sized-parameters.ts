import type { ActionParameters, RootCause, Strategy, Target } from '@charter/shared/contracts';
import type { Observed } from './fill-parameters.ts';
import type { PlanningSettings } from './settings.ts';
import { sizeFor } from './size-for.ts';

/** Replaces a relative SCALE_UP by the size a queueing model computes, when the root cause's evidence shows a utilization and the model asks for more. */
export function sizedParameters(
  parameters: ActionParameters,
  declared: Strategy['actions'][number],
  on: { readonly name: string; readonly observed: Observed; readonly target: Target },
  rootCause: RootCause,
  settings: PlanningSettings,
): { parameters: ActionParameters; note: string | null } {
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

/** The newest utilization among the evidence; only a share of capacity counts, no time and no rate. */
function utilizationSeen(rootCause: RootCause): number | null {
  if (!/utili[sz]ation|saturation/i.test(rootCause.metric)) return null;
  const after = rootCause.evidence[0]?.after ?? null;
  return after !== null && after > 0 && after <= 1.05 ? after : null;
}
