import type { EffectorSpec } from '@charter/shared/contracts';
import type { ActuatorCall } from '../../domain/actuation.ts';
import type { Json, Spec } from '../../domain/spec.ts';

export type KubernetesSpec = Extract<EffectorSpec, { kind: 'kubernetes' }>;

/** Which version of an object this is, and what Charter noted on it. */
export interface ObjectIdentity {
  readonly resourceVersion: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What matters of an object, whatever its kind. */
export type ObjectSeen =
  | (ObjectIdentity & {
      readonly kind: 'workload';
      readonly replicas: number;
      readonly generation: number;
      readonly observedGeneration: number;
      readonly updated: number;
      readonly available: number;
    })
  | (ObjectIdentity & { readonly kind: 'ConfigMap'; readonly data: Readonly<Record<string, string>> })
  | (ObjectIdentity & { readonly kind: 'Node'; readonly unschedulable: boolean });

/** A merge patch of an object. */
export interface ObjectChange {
  readonly metadata?: {
    readonly resourceVersion: string | undefined;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec?: Readonly<Record<string, Json>>;
  readonly data?: Readonly<Record<string, string>>;
}

/** In the pod template: a new value rolls the pods, the same value again does nothing. */
const restartAnnotation = 'charter/restarted-by';
/** The one setting of a node that Charter touches: `kubectl cordon` and `uncordon`. */
const cordonSetting = 'unschedulable';

/** The patch that carries a call out; text says why the object does not take it. */
export function changeFor(
  kind: KubernetesSpec['object']['kind'],
  { action, operation, body }: ActuatorCall,
  key: string,
): ObjectChange | string {
  const isWorkload = kind === 'Deployment' || kind === 'StatefulSet';
  if (operation === 'scale' && isWorkload) {
    const { replicas } = body;
    if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0)
      return `needs a whole number of replicas`;
    return { spec: { replicas } };
  }
  if (operation === 'restart' && isWorkload) {
    return { spec: { template: { metadata: { annotations: { [restartAnnotation]: key } } } } };
  }
  if (operation === 'config' && !isWorkload) return settingFor(kind, body);
  return `is a ${kind}: it does not take ${action}`;
}

function settingFor(kind: 'ConfigMap' | 'Node', { key, value }: ActuatorCall['body']): ObjectChange | string {
  if (typeof key !== 'string' || value === undefined) return 'needs the key of a setting and its value';
  if (kind === 'ConfigMap') return { data: { [key]: textOf(value) } };
  if (key !== cordonSetting || typeof value !== 'boolean') {
    return `is a Node: its one setting is ${cordonSetting}, true or false`;
  }
  return { spec: { unschedulable: value } };
}

/** A config map holds texts: `true` and `"true"` are the same there. */
const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** An object's settings as strategies and the way back name them. */
export function specFrom(seen: ObjectSeen): Spec {
  switch (seen.kind) {
    case 'workload':
      return { replicas: seen.replicas };
    case 'ConfigMap':
      return { config: { ...seen.data } };
    case 'Node':
      return { config: { [cordonSetting]: seen.unschedulable } };
  }
}

/** Whether a roll-out is through: the newest template everywhere, and as many pods available as wanted. */
export function readyFrom(seen: ObjectSeen): boolean | null {
  if (seen.kind !== 'workload') return null;
  const { generation, observedGeneration, replicas, updated, available } = seen;
  return observedGeneration >= generation && updated >= replicas && available >= replicas;
}
