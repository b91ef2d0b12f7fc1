import type { ActionParameters, ActionType, Instant, Target, TargetState } from '@charter/shared/contracts';
import type { Observed } from './fill-parameters.ts';

/** The longest a bypass or an override may stand. */
const longestTtlSeconds = 3_600;

/** Why a target cannot be acted on now, whatever the action; null when it can. */
export function unavailability(
  action: ActionType,
  target: Target | undefined,
  state: TargetState | undefined,
  now: Instant,
): string | null {
  if (!target) return 'the pack has no such target';
  if (!target.actions.includes(action)) return `target ${target.metadata.name} does not offer ${action}`;
  if (!state) return `the state of target ${target.metadata.name} is not known`;
  if (!state.actions.includes(action)) return `the effector of ${target.metadata.name} does not offer ${action}`;
  if (state.blockedUntil !== null && state.blockedUntil > now) {
    return `target ${target.metadata.name} rests until ${state.blockedUntil}: ${state.blockedReason ?? 'cool-down'}`;
  }
  if (state.holder !== null) return `execution ${state.holder} holds target ${target.metadata.name}`;
  // A hung service cannot be read and still be restarted; a target that never reads back promises nothing else.
  const canActBlind = action === 'RESTART_SERVICE' || state.guarantee === 'at-most-once';
  if (state.spec === null && !canActBlind) return `the settings of ${target.metadata.name} cannot be read now`;
  return null;
}

/** What an action needs of its parameters and of what the target has; null when all is met. */
export function unmetPrecondition(
  action: ActionType,
  parameters: ActionParameters,
  observed: Observed,
  limits: Target['limits'],
): string | null {
  switch (action) {
    case 'SCALE_UP':
    case 'SCALE_DOWN':
      return unmetScale(action, parameters.replicas, observed.spec?.replicas, limits);
    case 'RESTART_SERVICE':
    case 'REBALANCE_LOAD':
      return null;
    case 'THROTTLE_REQUESTS':
      return Object.values(parameters).some((value) => typeof value === 'number' && value > 0)
        ? null
        : 'it names no limit above 0';
    case 'UPDATE_CONFIGURATION':
      return Object.keys(parameters).length > 0 ? null : 'it names no setting';
    case 'APPLY_POLICY':
      return Object.values(parameters).some((value) => typeof value === 'string' && value !== '')
        ? null
        : 'it names no policy version';
    case 'BYPASS_VALIDATION':
    case 'ACTIVATE_EMERGENCY_OVERRIDE': {
      const ttl = parameters.ttlSeconds;
      return typeof ttl === 'number' && ttl > 0 && ttl <= longestTtlSeconds
        ? null
        : `it needs ttlSeconds within 1 and ${String(longestTtlSeconds)}`;
    }
  }
}

function unmetScale(
  action: 'SCALE_UP' | 'SCALE_DOWN',
  replicas: unknown,
  present: unknown,
  limits: Target['limits'],
): string | null {
  if (typeof replicas !== 'number' || !Number.isInteger(replicas)) return 'it names no whole number of replicas';
  if (typeof present !== 'number') return null;
  if (action === 'SCALE_UP' && replicas <= present) {
    return `${String(present)} replicas cannot be raised within the limit of ${String(limits.maxReplicas)}`;
  }
  if (action === 'SCALE_DOWN' && replicas >= present) {
    return `${String(present)} replicas cannot be lowered within the limit of ${String(limits.minReplicas)}`;
  }
  return null;
}
