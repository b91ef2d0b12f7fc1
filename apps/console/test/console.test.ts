import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPublisher, type Publisher } from '@charter/queue';
import { testPrefix } from '@charter/queue/testing';
import { configFrom, createLog, createRegistry, type HttpApp } from '@charter/service';
import { createTestKeys, type TestKeys } from '@charter/service/testing';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { buildApp } from '../src/app.ts';
import { ConsoleConfig } from '../src/config.ts';

let upstream: Server;
let publisher: Publisher;
let keys: TestKeys;
let open: HttpApp;
let guarded: HttpApp;

/** Stands for every service: says what it was asked, and with which key. */
function echo(): Server {
  return createServer((request, response) => {
    const { method, url, headers } = request;
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ method, url, authorization: headers.authorization ?? null, cookie: headers.cookie ?? null }),
    );
  }).listen(0, '127.0.0.1');
}

async function appWith(environment: Record<string, string>): Promise<HttpApp> {
  const { port } = upstream.address() as AddressInfo;
  const config = configFrom(ConsoleConfig, {
    REDIS_URL: inject('redisUrl'),
    ORCHESTRATOR_URL: `http://127.0.0.1:${String(port)}`,
    ...environment,
  });
  const log = createLog('console', { LOG_LEVEL: 'silent' });
  return buildApp({ config, log, registry: createRegistry('console'), publisher });
}

beforeAll(async () => {
  upstream = echo();
  await new Promise((resolve) => upstream.once('listening', resolve));
  publisher = createPublisher({ redisUrl: inject('redisUrl'), prefix: testPrefix() });
  keys = await createTestKeys();
  open = await appWith({});
  guarded = await appWith({ CHARTER_API_KEYS: keys.file });
});

afterAll(async () => {
  await open.close();
  await guarded.close();
  await publisher.close();
  await keys.close();
  upstream.close();
});

test('is ready once Redis is', async () => {
  await expect.poll(async () => (await open.inject('/ready')).statusCode).toBe(200);
});

describe('the page', () => {
  test.each(['/', '/main.js', '/style.css'])('%s loads without a key, since nothing in it is secret', async (url) => {
    expect((await guarded.inject(url)).statusCode).toBe(200);
  });

  test('holds no script of its own, so that the content security policy can forbid them', async () => {
    const page = await open.inject('/');
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(page.body).not.toMatch(/<script(?![^>]* src=)/);
  });
});

describe('requests for a service', () => {
  test('go to its own API and give back what it says', async () => {
    const answer = await open.inject('/api/orchestrator/incidents?limit=2');
    expect(answer.json()).toMatchObject({ method: 'GET', url: '/api/v1/incidents?limit=2' });
  });

  test('carry the key of the signed-in browser and no cookie', async () => {
    const signedIn = await guarded.inject({ method: 'POST', url: '/session', payload: { key: keys.keys.operator } });
    const cookie = String(signedIn.headers['set-cookie']);
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    const headers = { cookie: cookie.split(';')[0] ?? '' };
    const answer = await guarded.inject({ method: 'POST', url: '/api/orchestrator/pause', headers, payload: {} });
    expect(answer.json()).toMatchObject({
      method: 'POST',
      authorization: `Bearer ${keys.keys.operator}`,
      cookie: null,
    });
  });

  test('without a key are refused before they reach it', async () => {
    expect((await guarded.inject('/api/orchestrator/incidents')).statusCode).toBe(401);
  });

  test('that change something need more than a viewer', async () => {
    const answer = await guarded.inject({
      method: 'POST',
      url: '/api/orchestrator/pause',
      headers: keys.headers('viewer'),
    });
    expect(answer.statusCode).toBe(403);
  });
});

describe('signing in', () => {
  test('with a key that nobody has is refused and sets no cookie', async () => {
    const answer = await guarded.inject({ method: 'POST', url: '/session', payload: { key: 'wrong' } });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  test('is not needed where no authentication is configured', async () => {
    expect((await open.inject('/session')).json()).toEqual({ name: 'local', role: 'admin' });
  });
});

describe('queue dashboards', () => {
  test('list every queue of the loop', async () => {
    const page = await open.inject('/queues/');
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('Charter queues');
    const { queues } = (await open.inject('/queues/api/queues')).json<{ queues: Array<{ name: string }> }>();
    expect(queues.map(({ name }) => name)).toEqual(expect.arrayContaining(['violations', 'plans', 'dead-letters']));
  });

  test('can be read by a viewer and changed by an operator only', async () => {
    const pause = { method: 'PUT', url: '/queues/api/queues/plans/pause' } as const;
    expect((await guarded.inject({ url: '/queues/', headers: keys.headers('viewer') })).statusCode).toBe(200);
    expect((await guarded.inject({ ...pause, headers: keys.headers('viewer') })).statusCode).toBe(403);
    expect((await guarded.inject({ ...pause, headers: keys.headers('operator') })).statusCode).toBe(200);
    await publisher.queue('plans').resume();
  });
});
