import { type ActionParameters, ActionType, type PlannedAction, type TargetState } from '@charter/shared/contracts';
import { type Json, type Spec, sameJson } from './spec.ts';

export type Operation = 'scale' | 'restart' | 'throttle' | 'rebalance' | 'config' | 'policy' | 'bypass' | 'override';

/** One change as an actuator takes it: absolute values, so that a repeat changes nothing. */
export interface ActuatorCall {
  readonly action: ActionType;
  readonly operation: Operation;
  readonly body: ActionParameters;
}

export const operationOf: Readonly<Record<ActionType, Operation>> = {
  SCALE_UP: 'scale',
  SCALE_DOWN: 'scale',
  RESTART_SERVICE: 'restart',
  THROTTLE_REQUESTS: 'throttle',
  REBALANCE_LOAD: 'rebalance',
  UPDATE_CONFIGURATION: 'config',
  APPLY_POLICY: 'policy',
  BYPASS_VALIDATION: 'bypass',
  ACTIVATE_EMERGENCY_OVERRIDE: 'override',
};

/** Setting of a target's specification that an operation writes. */
const settingOf: Readonly<Partial<Record<Operation, string>>> = {
  scale: 'replicas',
  throttle: 'limitRequestsPerSecond',
  rebalance: 'weights',
  config: 'config',
  policy: 'policyVersion',
  bypass: 'bypassUntil',
  override: 'overrideUntil',
};

/** The setting that an action writes; null when it writes none. */
export function settingFor(action: string): string | null {
  const known = ActionType.safeParse(action);
  return known.success ? (settingOf[operationOf[known.data]] ?? null) : null;
}

export const callFrom = ({ action, parameters }: Pick<PlannedAction, 'action' | 'parameters'>): ActuatorCall => ({
  action,
  operation: operationOf[action],
  body: parameters,
});

/** The call that puts back what `call` is about to change; null when nothing can, or nothing is known of before. */
export function undoOf(call: ActuatorCall, before: Spec | null): ActuatorCall | null {
  if (before === null) return null;
  const setting = settingOf[call.operation];
  const former = setting === undefined ? undefined : before[setting];
  const back = (body: ActionParameters): ActuatorCall => ({ ...call, body });
  switch (call.operation) {
    case 'restart':
      return null;
    case 'scale':
      if (typeof former !== 'number') return null;
      return { ...back({ replicas: former }), action: oppositeScale(call.action) };
    case 'throttle':
      return former === undefined ? null : back({ requestsPerSecond: former });
    case 'rebalance':
      return former === undefined ? null : back({ weights: former });
    case 'config': {
      const { key } = call.body;
      if (typeof key !== 'string' || !isRecord(former)) return null;
      const value = former[key];
      return value === undefined ? null : back({ key, value });
    }
    case 'policy':
      return typeof former === 'string' ? back({ version: former }) : null;
    case 'bypass':
    case 'override':
      return back({ ttlSeconds: 0 });
  }
}

/** Whether the target reads as `call` wants it; null when its settings cannot tell. */
export function isApplied({ operation, body }: ActuatorCall, spec: Spec): boolean | null {
  const setting = settingOf[operation];
  const now = setting === undefined ? undefined : spec[setting];
  if (now === undefined) return null;
  switch (operation) {
    case 'restart':
      return null;
    case 'scale':
      return sameJson(now, body.replicas);
    case 'throttle':
      return sameJson(now, body.requestsPerSecond ?? null);
    case 'rebalance':
      return body.weights === undefined ? null : sameJson(now, body.weights);
    case 'config':
      return isRecord(now) && typeof body.key === 'string' ? sameJson(now[body.key], body.value) : null;
    case 'policy':
      return sameJson(now, body.version);
    case 'bypass':
    case 'override':
      return body.ttlSeconds === 0 ? now === null : now !== null;
  }
}

/** What can be promised of one call: without keys, only a setting that reads back is safe to set again. */
export function guaranteeFor(
  declared: TargetState['guarantee'],
  call: ActuatorCall,
  before: Spec | null,
): TargetState['guarantee'] {
  if (declared !== 'set-point') return declared;
  return before !== null && isApplied(call, before) !== null ? 'set-point' : 'at-most-once';
}

const oppositeScale = (action: ActionType): ActionType => (action === 'SCALE_UP' ? 'SCALE_DOWN' : 'SCALE_UP');

const isRecord = (value: Json | undefined): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The change in words, such as `scale payments to 6 replicas`. */
export function describeCall({ operation, body }: Pick<ActuatorCall, 'operation' | 'body'>, target: string): string {
  const shown = (value: Json | undefined): string =>
    typeof value === 'string' ? value : JSON.stringify(value ?? null);
  switch (operation) {
    case 'scale':
      return `scale ${target} to ${shown(body.replicas)} replicas`;
    case 'restart':
      return `restart ${target}`;
    case 'throttle':
      return body.requestsPerSecond == null
        ? `lift the limit on ${target}`
        : `limit ${target} to ${shown(body.requestsPerSecond)} requests/s`;
    case 'rebalance':
      return `rebalance the load of ${target}${body.weights === undefined ? '' : ` to ${shown(body.weights)}`}`;
    case 'config':
      return `set ${shown(body.key)} of ${target} to ${shown(body.value)}`;
    case 'policy':
      return `apply policy ${shown(body.version)} to ${target}`;
    case 'bypass':
      return body.ttlSeconds === 0
        ? `end the validation bypass of ${target}`
        : `bypass validation of ${target} for ${shown(body.ttlSeconds)} s`;
    case 'override':
      return body.ttlSeconds === 0
        ? `end the emergency override of ${target}`
        : `override ${target} for ${shown(body.ttlSeconds)} s`;
  }
}
