import { CharterError } from '@charter/shared/contracts';
import { type ActuatorCall, isApplied } from '../../domain/actuation.ts';
import type { EffectAnswer, Effector, EffectRequest } from '../../ports.ts';
import { connectionsTo } from './allowed-hosts.ts';
import { effectAnswerFrom } from './effect-answer.ts';
import {
  changeFor,
  type KubernetesSpec,
  type ObjectChange,
  type ObjectSeen,
  readyFrom,
  specFrom,
} from './kubernetes-change.ts';
import { type KubernetesAnswer, type KubernetesConnection, openObject } from './kubernetes-object.ts';

export interface KubernetesOptions {
  readonly spec: KubernetesSpec;
  readonly target: string;
  /** The bearer token a target names; read anew for each call, since service account tokens rotate. */
  readonly secretOf: (name: string) => string | undefined;
}

/** What the object itself remembers of Charter's last change: written with it, compared before it. */
const keyAnnotation = 'charter/idempotency-key';
const tokenAnnotation = 'charter/fencing-token';

const readTimeoutMs = 2_000;
/** How often a change is tried again because someone else wrote the object in between. */
const mostConflicts = 5;

/**
 * One object of a Kubernetes cluster, through the official client. Keyed: key and token are annotations of the object,
 * written by the same patch as the change and only onto the very version that was read (`resourceVersion`), so that a
 * repeat finds its key, an older token finds a newer one, and nothing is written over what someone else wrote meanwhile.
 */
export function kubernetesEffector({ spec, target, secretOf }: KubernetesOptions): Effector {
  const { object } = spec;
  let dispatcher: KubernetesConnection['dispatcher'] | null = null;

  function connection(): KubernetesConnection {
    dispatcher ??= connectionsTo(spec.allowHosts ?? [new URL(spec.url).hostname], { caFile: spec.caFile });
    const { secretEnvironment: name } = spec;
    const token = name === undefined ? undefined : secretOf(name);
    if (name !== undefined && token === undefined) throw new CharterError('config-invalid', `${name} is not set`);
    return { url: spec.url, dispatcher, token };
  }

  async function seen(): Promise<ObjectSeen> {
    const answer = await (await openObject(connection(), spec)).read(readTimeoutMs);
    if (answer.kind === 'object') return answer.object;
    throw new CharterError('effector-unavailable', `${target} cannot be read: ${reasonOf(answer)}`);
  }

  /** Reads, compares and patches; again from the start when the object changed in between. */
  async function change(
    call: ActuatorCall,
    effect: { key: string; token: number; timeoutMs: number; dryRun: boolean },
  ): Promise<EffectAnswer> {
    const opened = await openObject(connection(), spec);
    const patch = changeFor(object.kind, call, effect.key);
    if (typeof patch === 'string') return { kind: 'refused', reason: `${target} ${patch}` };
    for (let conflicts = 0; conflicts < mostConflicts; conflicts += 1) {
      const before = await opened.read(effect.timeoutMs);
      if (before.kind !== 'object') return unread(before);
      const { annotations, resourceVersion } = before.object;
      if (annotations[keyAnnotation] === effect.key) return { kind: 'applied' };
      const newest = Number(annotations[tokenAnnotation] ?? 0);
      if (newest > effect.token) return { kind: 'stale', reason: `${target} has seen token ${String(newest)}` };
      const answer = await opened.patch(stamped(patch, resourceVersion, effect), effect);
      if (answer.kind === 'object') return { kind: 'applied' };
      if (answer.kind !== 'refused' || answer.status !== 409) return effectOf(answer);
    }
    return { kind: 'not-sent', reason: `someone else kept changing ${target} in between` };
  }

  return {
    kind: 'kubernetes',
    guarantee: 'keyed',
    apply: ({ call, idempotencyKey: key, fencingToken: token, timeoutMs }: EffectRequest) =>
      change(call, { key, token, timeoutMs, dryRun: false }),
    readSpec: async () => specFrom(await seen()),
    isReady: async () => readyFrom(await seen()),
    async isApplied(call, key) {
      const now = await seen();
      return now.annotations[keyAnnotation] === key ? true : isApplied(call, specFrom(now));
    },
    preview(call) {
      const body = changeFor(object.kind, call, 'dry-run');
      if (typeof body === 'string') throw new CharterError('effector-refused', `${target} ${body}`);
      return { method: 'PATCH', url: `${spec.url} ${object.kind} ${spec.namespace}/${object.name}`, body };
    },
    tryOut: (call) =>
      change(call, { key: 'dry-run', token: Number.MAX_SAFE_INTEGER, timeoutMs: readTimeoutMs, dryRun: true }),
  };
}

const stamped = (
  patch: ObjectChange,
  resourceVersion: string | undefined,
  { key, token }: { key: string; token: number },
): ObjectChange => ({
  ...patch,
  metadata: { resourceVersion, annotations: { [keyAnnotation]: key, [tokenAnnotation]: String(token) } },
});

type Unread = Exclude<KubernetesAnswer, { kind: 'object' }>;

const reasonOf = (answer: Unread): string =>
  answer.kind === 'refused' ? `the API server answers ${String(answer.status)}: ${answer.reason}` : answer.reason;

/** Nothing was asked for but the object: whatever happened, it is as it was. */
const unread = (answer: Unread): EffectAnswer =>
  answer.kind === 'refused' && answer.status < 500 && answer.status !== 429
    ? { kind: 'refused', reason: reasonOf(answer) }
    : { kind: 'not-sent', reason: reasonOf(answer) };

const effectOf = (answer: Unread): EffectAnswer =>
  answer.kind === 'refused'
    ? effectAnswerFrom({ kind: 'answered', status: answer.status, body: { detail: answer.reason } })
    : effectAnswerFrom(answer);
