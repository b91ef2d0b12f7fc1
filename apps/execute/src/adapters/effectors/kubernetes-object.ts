import type {
  ApiException,
  AppsV1Api,
  CoreV1Api,
  PromiseHttpLibrary,
  V1ConfigMap,
  V1Deployment,
  V1Node,
  V1StatefulSet,
} from '@kubernetes/client-node';
import type { Dispatcher } from 'undici';
import { callHttp, type HttpAnswer } from '../http-call.ts';
import type { KubernetesSpec, ObjectChange, ObjectIdentity, ObjectSeen } from './kubernetes-change.ts';

export interface KubernetesConnection {
  readonly url: string;
  readonly dispatcher: Dispatcher;
  readonly token: string | undefined;
}

export type KubernetesAnswer =
  | { readonly kind: 'object'; readonly object: ObjectSeen }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string }
  | Exclude<HttpAnswer, { kind: 'answered' }>;

/** One object behind the official client, whose requests go through Charter's own connections and time limits. */
export interface KubernetesObject {
  read(timeoutMs: number): Promise<KubernetesAnswer>;
  /** `dryRun`: the API server validates and admits it, and keeps nothing. */
  patch(change: ObjectChange, options: { timeoutMs: number; dryRun: boolean }): Promise<KubernetesAnswer>;
}

const fieldManager = 'charter';

/** The request got no answer of the API server. */
class Unanswered extends Error {
  readonly answer: Exclude<HttpAnswer, { kind: 'answered' }>;
  constructor(answer: Exclude<HttpAnswer, { kind: 'answered' }>) {
    super(answer.reason);
    this.answer = answer;
  }
}

export async function openObject(
  connection: KubernetesConnection,
  { namespace, object: { kind, name } }: Pick<KubernetesSpec, 'namespace' | 'object'>,
): Promise<KubernetesObject> {
  // 65 MB of generated code: loaded only where a target of this kind exists.
  const client = await import('@kubernetes/client-node');
  const transport = transportFor(client, connection);
  const answerOf = async (asked: (apis: Apis) => Promise<ObjectSeen>, timeoutMs: number): Promise<KubernetesAnswer> => {
    const configuration = client.createConfiguration({
      baseServer: new client.ServerConfiguration(connection.url.replace(/\/$/, ''), {}),
      httpApi: client.wrapHttpLibrary(transport(timeoutMs)),
    });
    const apis = { apps: new client.AppsV1Api(configuration), core: new client.CoreV1Api(configuration) };
    try {
      return { kind: 'object', object: await asked(apis) };
    } catch (error) {
      if (error instanceof Unanswered) return error.answer;
      if (error instanceof client.ApiException) return refusalFrom(error);
      throw error;
    }
  };
  const merge = client.setHeaderOptions('Content-Type', client.PatchStrategy.MergePatch);
  return {
    read: (timeoutMs) => answerOf((apis) => read(apis, kind, { namespace, name }), timeoutMs),
    patch: (body, { timeoutMs, dryRun }) =>
      answerOf((apis) => {
        const wanted = { name, body, fieldManager, fieldValidation: 'Strict', ...(dryRun ? { dryRun: 'All' } : {}) };
        switch (kind) {
          case 'Deployment':
            return apis.apps.patchNamespacedDeployment({ ...wanted, namespace }, merge).then(workloadSeen);
          case 'StatefulSet':
            return apis.apps.patchNamespacedStatefulSet({ ...wanted, namespace }, merge).then(workloadSeen);
          case 'ConfigMap':
            return apis.core.patchNamespacedConfigMap({ ...wanted, namespace }, merge).then(configMapSeen);
          case 'Node':
            return apis.core.patchNode(wanted, merge).then(nodeSeen);
        }
      }, timeoutMs),
  };
}

interface Apis {
  readonly apps: AppsV1Api;
  readonly core: CoreV1Api;
}

function read(
  { apps, core }: Apis,
  kind: KubernetesSpec['object']['kind'],
  where: { namespace: string; name: string },
): Promise<ObjectSeen> {
  switch (kind) {
    case 'Deployment':
      return apps.readNamespacedDeployment(where).then(workloadSeen);
    case 'StatefulSet':
      return apps.readNamespacedStatefulSet(where).then(workloadSeen);
    case 'ConfigMap':
      return core.readNamespacedConfigMap(where).then(configMapSeen);
    case 'Node':
      return core.readNode({ name: where.name }).then(nodeSeen);
  }
}

const seen = ({ metadata }: Pick<V1ConfigMap, 'metadata'>): ObjectIdentity => ({
  resourceVersion: metadata?.resourceVersion,
  annotations: metadata?.annotations ?? {},
});

const workloadSeen = (workload: V1Deployment | V1StatefulSet): ObjectSeen => ({
  ...seen(workload),
  kind: 'workload',
  replicas: workload.spec?.replicas ?? 1,
  generation: workload.metadata?.generation ?? 0,
  observedGeneration: workload.status?.observedGeneration ?? 0,
  updated: workload.status?.updatedReplicas ?? 0,
  available: workload.status?.availableReplicas ?? 0,
});
const configMapSeen = (map: V1ConfigMap): ObjectSeen => ({ ...seen(map), kind: 'ConfigMap', data: map.data ?? {} });
const nodeSeen = (node: V1Node): ObjectSeen => ({
  ...seen(node),
  kind: 'Node',
  unschedulable: node.spec?.unschedulable ?? false,
});

type Client = typeof import('@kubernetes/client-node');

const transportFor =
  (client: Client, { dispatcher, token }: KubernetesConnection) =>
  (timeoutMs: number): PromiseHttpLibrary => ({
    async send(request) {
      const method = request.getHttpMethod() === 'PATCH' ? 'PATCH' : 'GET';
      const body = request.getBody();
      const headers = Object.entries(request.getHeaders()).map(([name, value]) => [name.toLowerCase(), value]);
      const answer = await callHttp({
        method,
        url: request.getUrl(),
        headers: {
          ...Object.fromEntries(headers),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: typeof body === 'string' ? body : undefined,
        timeoutMs,
        dispatcher,
      });
      if (answer.kind !== 'answered') throw new Unanswered(answer);
      const text = JSON.stringify(answer.body);
      return new client.ResponseContext(
        answer.status,
        { 'content-type': 'application/json' },
        { text: async () => text, binary: async () => Buffer.from(text), stream: () => null },
      );
    },
  });

/** The API server explains itself in a Status object. */
function refusalFrom({ code, body }: ApiException<unknown>): KubernetesAnswer {
  const status = typeof body === 'string' ? parsed(body) : body;
  const message =
    typeof status === 'object' && status !== null && 'message' in status ? String(status.message) : 'no reason given';
  return { kind: 'refused', status: code, reason: message.slice(0, 300) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
