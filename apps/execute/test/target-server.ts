import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { listenOnLoopback } from '@charter/stack/testing';
import { bodyOf, json } from './stand-in.ts';

/** What a target does with a change: `drop-after` and `drop-before` break the connection around the effect. */
export type Mood = 'answers' | 'drop-after' | 'drop-before' | 'hang-after' | 'refuses' | 'ignores';

/** A system with an HTTP API of its own, which counts raw attempts. */
export interface TargetServer {
  readonly url: string;
  readonly settings: Record<string, unknown>;
  /** Every change that took effect, in order. */
  readonly effects: {
    path: string;
    body: unknown;
    key: string | undefined;
    token: number;
    headers: IncomingMessage['headers'];
  }[];
  attempts: number;
  /** How long a change takes, in milliseconds. */
  slownessMs: number;
  /** How the next changes are met; the last one stays. */
  moods: Mood[];
  /** Called as a change takes effect. */
  onEffect: () => void;
  close(): Promise<void>;
}

/**
 * `honorsKeys`: answers a known key without a second effect and refuses old tokens; else it knows neither.
 * `countsStarts`: `GET /status` tells how often it was started.
 */
export async function startTarget(honorsKeys: boolean, countsStarts = false): Promise<TargetServer> {
  const known = new Set<string>();
  let newest = 0;
  const target: Omit<TargetServer, 'url' | 'close'> = {
    settings: { replicas: 3 },
    effects: [],
    attempts: 0,
    slownessMs: 0,
    moods: ['answers'],
    onEffect: () => undefined,
  };

  async function change(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const text = await bodyOf(request);
    const body: unknown = text === '' ? null : JSON.parse(text);
    target.attempts += 1;
    const mood = (target.moods.length > 1 ? target.moods.shift() : target.moods[0]) ?? 'answers';
    if (target.slownessMs > 0) await pause(target.slownessMs / 2);
    if (mood === 'drop-before') return void response.destroy();
    if (mood === 'refuses') return json(response, 422, { detail: 'no such setting' });
    const key = request.headers['idempotency-key']?.toString();
    const token = Number(request.headers['fencing-token'] ?? 0);
    if (honorsKeys && key !== undefined) {
      if (known.has(key)) return json(response, 200, {});
      if (token < newest) return json(response, 409, { code: 'fencing-token-stale', detail: 'an older token' });
      known.add(key);
      newest = token;
    }
    if (mood !== 'ignores') {
      if (typeof body === 'object' && path !== '/restart') Object.assign(target.settings, body);
      target.effects.push({ path, body, key, token, headers: request.headers });
      target.onEffect();
    }
    if (target.slownessMs > 0) await pause(target.slownessMs / 2);
    if (mood === 'drop-after') return void response.destroy();
    if (mood !== 'hang-after') json(response, 200, {});
  }

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://target');
    if (pathname === '/api/v1/effects') {
      const items = target.effects.map(({ key }) => ({ idempotencyKey: key ?? '' }));
      return honorsKeys ? json(response, 200, { items }) : json(response, 404, {});
    }
    if (countsStarts && pathname === '/status') {
      return json(response, 200, { starts: 1 + target.effects.filter(({ path }) => path === '/restart').length });
    }
    if (request.method === 'GET') return json(response, 200, { settings: target.settings });
    void change(request, response, pathname).catch(() => response.destroy());
  });
  return Object.assign(target, await listenOnLoopback(server));
}
