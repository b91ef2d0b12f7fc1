import type { FastifyRequest } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createTestKeys,
  describeServiceEdges,
  expectEveryRouteGuarded,
  expectProblem,
  type TestKeys,
} from '../src/testing/index.ts';
import { buildSample } from './sample-app.ts';

describeServiceEdges(() => buildSample());

let keys: TestKeys;
beforeAll(async () => {
  keys = await createTestKeys();
});
afterAll(() => keys.close());

test('every route enforces the role that its document names', async () => {
  const app = await buildSample({ environment: { CHARTER_API_KEYS: keys.file } });
  expect(await expectEveryRouteGuarded(app, keys)).toBe(8);
  await app.close();
});

test('probes stay open and callers are known by the name of their key', async () => {
  const app = await buildSample({ environment: { CHARTER_API_KEYS: keys.file } });
  for (const url of ['/health', '/ready', '/metrics', '/openapi.json', '/docs/']) {
    expect((await app.inject(url)).statusCode, url).toBe(200);
  }
  const request = { method: 'POST', url: '/things', payload: { size: 1 } } as const;
  const answer = await app.inject({ ...request, headers: keys.headers('approver') });
  expect(answer.json()).toEqual({ id: 'approver', size: 1 });
  const refused = await app.inject(request);
  expectProblem(refused, 'unauthenticated');
  expect(refused.headers['www-authenticate']).toBe('Bearer');
  await app.close();
});

test('without authentication a page from elsewhere cannot act as the local admin', async () => {
  const app = await buildSample();
  const request = { method: 'POST', url: '/run' } as const;
  expectProblem(await app.inject({ ...request, headers: { host: 'rebound.example:8004' } }), 'unauthenticated');
  expectProblem(await app.inject({ ...request, headers: { origin: 'https://evil.example' } }), 'unauthenticated');
  const local = { host: '[::1]:8004', origin: 'http://localhost:8080' };
  expect((await app.inject({ ...request, headers: local })).statusCode).toBe(200);
  await app.close();
});

test('a key from a cookie counts for pages of the same origin only, and a wrong header is not passed over', async () => {
  const tokenFrom = (request: FastifyRequest) => /key=(\S+)/.exec(request.headers.cookie ?? '')?.[1];
  const app = await buildSample({ environment: { CHARTER_API_KEYS: keys.file }, tokenFrom });
  const run = (headers: Record<string, string>) =>
    app.inject({ method: 'POST', url: '/run', headers: { host: 'charter.example', ...headers } });
  const cookie = `key=${keys.keys.operator}`;
  expect((await run({ cookie })).statusCode).toBe(200);
  expect((await run({ cookie, origin: 'https://charter.example' })).statusCode).toBe(200);
  expectProblem(await run({ cookie, origin: 'https://evil.example' }), 'unauthenticated');
  expectProblem(await run({ cookie, origin: 'null' }), 'unauthenticated');
  expectProblem(await run({ cookie, authorization: 'Bearer wrong' }), 'unauthenticated');
  await app.close();
});

test('pages of others name no role: reading needs viewer, everything else operator', async () => {
  const app = await buildSample({
    environment: { CHARTER_API_KEYS: keys.file },
    pages: (http) => {
      http.get('/queues', async () => 'page');
      http.post('/queues/retry', async () => 'done');
    },
  });
  const send = (method: 'GET' | 'POST', url: string, as: 'viewer' | 'operator') =>
    app.inject({ method, url: `${url}?any=1`, headers: keys.headers(as) });
  expectProblem(await app.inject('/queues'), 'unauthenticated');
  expect((await send('GET', '/queues', 'viewer')).body).toBe('page');
  expectProblem(await send('POST', '/queues/retry', 'viewer'), 'role-missing');
  expect((await send('POST', '/queues/retry', 'operator')).body).toBe('done');
  await app.close();
});

test('anonymous routes answer without a trace and without an identity', async () => {
  const app = await buildSample();
  const answer = await app.inject({ method: 'POST', url: '/reports' });
  expect(answer.json()).toEqual({ name: 'anonymous', role: 'none' });
  expect(answer.headers.traceparent).toBeUndefined();
  const refused = await app.inject({ method: 'POST', url: '/reports', payload: { a: 1 } });
  expect(expectProblem(refused, 'request-invalid').traceId).toBe('');
  await app.close();
});
