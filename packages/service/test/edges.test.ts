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

test('anonymous routes answer without a trace and without an identity', async () => {
  const app = await buildSample();
  const answer = await app.inject({ method: 'POST', url: '/reports' });
  expect(answer.json()).toEqual({ name: 'anonymous', role: 'none' });
  expect(answer.headers.traceparent).toBeUndefined();
  const refused = await app.inject({ method: 'POST', url: '/reports', payload: { a: 1 } });
  expect(expectProblem(refused, 'request-invalid').traceId).toBe('');
  await app.close();
});
