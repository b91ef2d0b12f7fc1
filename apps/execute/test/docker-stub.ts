import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bodyOf, json } from './stand-in.ts';
import type { Mood } from './target-server.ts';

interface ServiceSpec {
  Name: string;
  Labels: Record<string, string>;
  Mode: { Replicated: { Replicas: number } };
  TaskTemplate: { ForceUpdate: number; Resources: { Limits: Record<string, number> } };
}

/** The part of the Engine API that the effectors talk to, on a unix socket as an engine has it. It knows no keys. */
export interface DockerStub {
  readonly url: string;
  readonly container: {
    paused: boolean;
    restarts: number;
    host: { NanoCpus: number; Memory: number; MemorySwap: number; PidsLimit: number | null };
  };
  readonly service: { index: number; spec: ServiceSpec };
  /** Changes that took effect. */
  effects: number;
  attempts: number;
  moods: Mood[];
  /** Called as the service is read. */
  onRead: () => void;
  close(): Promise<void>;
}

export async function startDockerStub(): Promise<DockerStub> {
  const folder = mkdtempSync(join(tmpdir(), 'charter-docker-'));
  const socket = join(folder, 'docker.sock');
  const stub: Omit<DockerStub, 'url' | 'close'> = {
    container: { paused: false, restarts: 0, host: { NanoCpus: 1e9, Memory: 0, MemorySwap: 0, PidsLimit: null } },
    service: {
      index: 10,
      spec: {
        Name: 'web',
        Labels: { team: 'shop' },
        Mode: { Replicated: { Replicas: 3 } },
        TaskTemplate: { ForceUpdate: 0, Resources: { Limits: { NanoCPUs: 5e8 } } },
      },
    },
    effects: 0,
    attempts: 0,
    moods: ['answers'],
    onRead: () => undefined,
  };

  async function change(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const text = await bodyOf(request);
    const body: unknown = text === '' ? {} : JSON.parse(text);
    stub.attempts += 1;
    const mood = (stub.moods.length > 1 ? stub.moods.shift() : stub.moods[0]) ?? 'answers';
    if (mood === 'drop-before') return void response.destroy();
    const refused = mood === 'refuses' ? { status: 422, message: 'no such setting' } : takeChange(stub, url, body);
    if (refused) return json(response, refused.status, { message: refused.message });
    stub.effects += 1;
    if (mood === 'drop-after') return void response.destroy();
    if (mood !== 'hang-after') json(response, 200, {});
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://docker');
    if (request.method !== 'GET') return void change(request, response, url).catch(() => response.destroy());
    const { container, service } = stub;
    if (url.pathname === '/containers/web/json') {
      const State = {
        Running: true,
        Paused: container.paused,
        Restarting: false,
        StartedAt: startedAt(container.restarts),
      };
      return json(response, 200, { State, HostConfig: container.host });
    }
    if (url.pathname !== '/services/web') return json(response, 404, { message: `No such object: ${url.pathname}` });
    const answer = { ID: 'svc1', Version: { Index: service.index }, Spec: structuredClone(service.spec) };
    stub.onRead();
    json(response, 200, answer);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return Object.assign(stub, {
    url: `unix://${socket}`,
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

/** As an engine writes it; later with each start. */
const startedAt = (restarts: number): string => new Date(1_700_000_000_000 + restarts * 1_000).toISOString();

/** What an engine does with a change; why not, when it refuses. */
function takeChange(
  { container, service }: Pick<DockerStub, 'container' | 'service'>,
  { pathname, searchParams }: URL,
  body: unknown,
): { status: number; message: string } | null {
  switch (pathname) {
    case '/containers/web/restart':
      container.restarts += 1;
      return null;
    case '/containers/web/pause':
    case '/containers/web/unpause': {
      const wanted = pathname.endsWith('/pause');
      if (container.paused === wanted)
        return { status: 409, message: `container is ${wanted ? 'already' : 'not'} paused` };
      container.paused = wanted;
      return null;
    }
    case '/containers/web/update':
      // 0 means unchanged to an engine.
      for (const [key, value] of Object.entries(body ?? {})) if (value !== 0) Reflect.set(container.host, key, value);
      return null;
    case '/services/svc1/update':
      if (searchParams.get('version') !== String(service.index))
        return { status: 500, message: 'rpc error: code = Unknown desc = update out of sequence' };
      service.spec = body as ServiceSpec;
      service.index += 1;
      return null;
    default:
      return { status: 404, message: 'page not found' };
  }
}
