import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback } from '@charter/stack/testing';
import type { V1ConfigMap, V1Deployment, V1Node, V1Status } from '@kubernetes/client-node';
import { bodyOf, json } from './stand-in.ts';
import type { Mood } from './target-server.ts';

type Stored = V1Deployment | V1ConfigMap | V1Node;

/** The part of an API server that the effector talks to, in the client's own types. It counts raw attempts. */
export interface KubernetesStub {
  readonly url: string;
  readonly deployment: V1Deployment;
  readonly configMap: V1ConfigMap;
  readonly node: V1Node;
  /** Query and headers of every patch, also of those that changed nothing. */
  readonly patches: { query: URLSearchParams; headers: IncomingMessage['headers']; body: Patch }[];
  /** Patches that changed what an object wants: what a controller would act on. */
  effects: number;
  moods: Mood[];
  /** An admission hook that drops annotations: the object forgets keys and tokens. */
  forgetsAnnotations: boolean;
  /** Called as an object is read. */
  onRead: () => void;
  close(): Promise<void>;
}

interface Patch {
  readonly metadata?: { resourceVersion?: string; annotations?: Record<string, string> };
  readonly spec?: Record<string, unknown>;
  readonly data?: Record<string, string>;
}

export async function startKubernetesStub(): Promise<KubernetesStub> {
  const stub: Omit<KubernetesStub, 'url' | 'close'> = {
    deployment: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop', resourceVersion: '1', generation: 1 },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
      },
      status: { observedGeneration: 1, replicas: 3, updatedReplicas: 3, availableReplicas: 3 },
    },
    configMap: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'web-settings', namespace: 'shop', resourceVersion: '1' },
      data: { workers: '4', timeout: '2s' },
    },
    node: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1', resourceVersion: '1' }, spec: {} },
    patches: [],
    effects: 0,
    moods: ['answers'],
    forgetsAnnotations: false,
    onRead: () => undefined,
  };
  const objects: Readonly<Record<string, Stored>> = {
    '/apis/apps/v1/namespaces/shop/deployments/web': stub.deployment,
    '/api/v1/namespaces/shop/configmaps/web-settings': stub.configMap,
    '/api/v1/nodes/node-1': stub.node,
  };

  async function patch(request: IncomingMessage, response: ServerResponse, object: Stored, query: URLSearchParams) {
    const body = JSON.parse(await bodyOf(request)) as Patch;
    stub.patches.push({ query, headers: request.headers, body });
    const isReal = query.get('dryRun') !== 'All';
    const mood = isReal ? ((stub.moods.length > 1 ? stub.moods.shift() : stub.moods[0]) ?? 'answers') : 'answers';
    if (mood === 'drop-before') return void response.destroy();
    const refusal = mood === 'refuses' ? status(422, 'Invalid', 'spec.replicas: must not be') : refusalOf(object, body);
    if (refusal) return json(response, refusal.code ?? 500, refusal);
    const next = structuredClone(object);
    const changed = merge(next, body, stub.forgetsAnnotations);
    if (isReal) {
      Object.assign(object, next);
      if (changed) stub.effects += 1;
      rollOut(stub.deployment);
    }
    if (mood === 'drop-after') return void response.destroy();
    if (mood !== 'hang-after') json(response, 200, next);
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stub');
    const object = objects[pathname];
    if (!object) return json(response, 404, status(404, 'NotFound', `${pathname} not found`));
    if (request.method === 'GET') {
      const answer = JSON.stringify(object);
      stub.onRead();
      return void response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
    }
    void patch(request, response, object, searchParams).catch(() => response.destroy());
  });
  return Object.assign(stub, await listenOnLoopback(server));
}

const status = (code: number, reason: string, message: string): V1Status => ({
  apiVersion: 'v1',
  kind: 'Status',
  status: 'Failure',
  code,
  reason,
  message,
});

function refusalOf(object: Stored, { metadata, spec }: Patch): V1Status | null {
  const now = object.metadata?.resourceVersion;
  if (metadata?.resourceVersion !== undefined && metadata.resourceVersion !== now)
    return status(409, 'Conflict', 'the object has been modified; please apply your changes to the latest version');
  if (typeof spec?.replicas === 'number' && spec.replicas > 100)
    return status(422, 'Invalid', `Deployment "web" is invalid: spec.replicas: ${String(spec.replicas)}`);
  return null;
}

/** JSON merge patch, with a new version; answers whether anything but annotations is different now. */
function merge(object: Stored, { metadata, spec, data }: Patch, forgetsAnnotations: boolean): boolean {
  const former = JSON.stringify(['spec' in object ? object.spec : null, 'data' in object ? object.data : null]);
  const meta = object.metadata ?? {};
  object.metadata = {
    ...meta,
    resourceVersion: String(Number(meta.resourceVersion ?? 0) + 1),
    ...(forgetsAnnotations ? {} : { annotations: { ...meta.annotations, ...metadata?.annotations } }),
  };
  const target = object as { spec?: unknown; data?: unknown };
  if (spec) target.spec = merged(target.spec, spec);
  if (data) target.data = merged(target.data, data);
  const isChanged = former !== JSON.stringify([target.spec ?? null, target.data ?? null]);
  if (isChanged && spec && object.metadata.generation !== undefined) object.metadata.generation += 1;
  return isChanged;
}

function merged(into: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base = typeof into === 'object' && into !== null ? { ...into } : {};
  for (const [key, value] of Object.entries(patch)) Reflect.set(base, key, merged(Reflect.get(base, key), value));
  return base;
}

/** A controller that is done at once. */
function rollOut({ metadata, spec, status: now }: V1Deployment): void {
  const replicas = spec?.replicas ?? 1;
  if (now) Object.assign(now, { replicas, updatedReplicas: replicas, availableReplicas: replicas });
  if (now && metadata?.generation !== undefined) now.observedGeneration = metadata.generation;
}
