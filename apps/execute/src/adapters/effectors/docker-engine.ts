import { CharterError, type EffectorSpec } from '@charter/shared/contracts';
import { Agent, type Dispatcher } from 'undici';
import { callHttp, type HttpAnswer } from '../http-call.ts';
import { connectionsTo } from './allowed-hosts.ts';

export type DockerSpec = Extract<EffectorSpec, { kind: 'docker' }>;

/** The Engine API of one Docker, without a version in its paths: an engine answers as its own newest. */
export interface DockerEngine {
  call(method: 'GET' | 'POST', path: string, timeoutMs: number, body?: unknown): Promise<HttpAnswer>;
  /** Where it answers, for people. */
  readonly address: string;
}

export function dockerEngine(spec: Pick<DockerSpec, 'url' | 'allowHosts' | 'tls'>): DockerEngine {
  const url = new URL(spec.url);
  const isSocket = url.protocol === 'unix:';
  const origin = isSocket ? 'http://docker' : url.origin;
  let dispatcher: Dispatcher | null = null;
  const open = (): Dispatcher =>
    isSocket
      ? new Agent({ pipelining: 0, connect: { socketPath: url.pathname, timeout: 2_000 } })
      : connectionsTo(spec.allowHosts ?? [url.hostname], spec.tls);
  return {
    address: spec.url,
    call(method, path, timeoutMs, body) {
      dispatcher ??= open();
      return callHttp({
        method,
        url: `${origin}${path}`,
        body: body === undefined ? undefined : JSON.stringify(body),
        timeoutMs,
        dispatcher,
      });
    },
  };
}

/** What an engine answers about an object. @throws CharterError `effector-unavailable` */
export async function inspect(engine: DockerEngine, path: string, name: string): Promise<unknown> {
  const answer = await engine.call('GET', path, 2_000);
  const away = (reason: string): CharterError =>
    new CharterError('effector-unavailable', `${name} cannot be read: ${reason}`);
  if (answer.kind !== 'answered') throw away(answer.reason);
  if (answer.status !== 200) throw away(`the engine answers ${String(answer.status)}${messageOf(answer.body)}`);
  return answer.body;
}

/** Docker's errors are `{message}`; here they read like everybody's. */
export const explained = (answer: HttpAnswer): HttpAnswer =>
  answer.kind === 'answered' && answer.status >= 300
    ? { ...answer, body: { detail: messageOf(answer.body).slice(2) } }
    : answer;

function messageOf(body: unknown): string {
  const message = typeof body === 'object' && body !== null && 'message' in body ? body.message : '';
  return typeof message === 'string' && message !== '' ? `: ${message.slice(0, 300)}` : '';
}
