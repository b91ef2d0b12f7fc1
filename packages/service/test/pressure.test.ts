import { expect, test } from 'vitest';
import { limitRate, role, shedLoad } from '../src/index.ts';
import { expectProblem } from '../src/testing/index.ts';
import { buildSample } from './sample-app.ts';

test('a limited scope answers 429 with Retry-After beyond its limit, and other routes go on', async () => {
  const app = await buildSample({
    routes: async (http) => {
      await http.register(async (scope) => {
        await limitRate(scope, { max: 2, windowSeconds: 60 });
        scope.post('/reports', { config: role('none') }, async () => ({}));
      });
      http.get('/other', { config: role('viewer') }, async () => ({}));
    },
  });
  const send = () => app.inject({ method: 'POST', url: '/reports' });
  expect([(await send()).statusCode, (await send()).statusCode]).toEqual([200, 200]);
  const refused = await send();
  expectProblem(refused, 'rate-limited');
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect((await app.inject('/other')).statusCode).toBe(200);
  await app.close();
});

test('a scope under pressure answers 503 with Retry-After, and probes go on', async () => {
  const app = await buildSample({
    routes: (http) =>
      http.register(async (scope) => {
        await shedLoad(scope, { maxHeapUsedBytes: 1, retryAfterSeconds: 7 });
        scope.post('/webhooks', { config: role('none') }, async () => ({}));
      }),
  });
  const send = () => app.inject({ method: 'POST', url: '/webhooks' });
  await expect.poll(async () => (await send()).statusCode).toBe(503);
  const refused = await send();
  expectProblem(refused, 'overloaded');
  expect(refused.headers['retry-after']).toBe('7');
  expect((await app.inject('/health')).statusCode).toBe(200);
  await app.close();
});
