import type { ServerResponse } from 'node:http';
import { CharterError } from '@charter/shared/contracts';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { createLog, type HttpApp, role } from '../src/index.ts';
import { expectProblem } from '../src/testing/index.ts';
import { buildSample } from './sample-app.ts';

const open: HttpApp[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

async function build(options: Parameters<typeof buildSample>[0] = {}): Promise<HttpApp> {
  const app = await buildSample(options);
  open.push(app);
  return app;
}

test('a list takes its page from the query and answers through its schema', async () => {
  const app = await build();
  const response = await app.inject('/things?limit=3');
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({ items: [{ id: 'a', size: 3 }], nextCursor: null });
});

test('an unknown query parameter is refused with its pointer', async () => {
  const app = await build();
  const problem = expectProblem(await app.inject('/things?limit=3&colour=red'), 'request-invalid');
  expect(problem.errors).toEqual([{ pointer: '/colour', detail: 'Unknown field' }]);
  expectProblem(await app.inject({ method: 'POST', url: '/run?x=1' }), 'request-invalid');
});

test('fields that a response schema does not declare never leave', async () => {
  const app = await build();
  const response = await app.inject({ method: 'POST', url: '/things', payload: { size: 2 } });
  expect(response.statusCode).toBe(201);
  expect(response.json()).toEqual({ id: 'local', size: 2 });
});

test('every wrong field of a body is named by an escaped pointer', async () => {
  const app = await build();
  const problem = expectProblem(
    await app.inject({ method: 'POST', url: '/things', payload: { size: '2', 'a/b': 0.5, extra: 1 } }),
    'request-invalid',
  );
  expect(problem.errors.map(({ pointer }) => pointer).sort()).toEqual(['/a~1b', '/extra', '/size']);
});

test('a union that does not match is pointed at where its closest alternative complains', async () => {
  const app = await build();
  const url = '/things/01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const send = (change: unknown) => app.inject({ method: 'PATCH', url, payload: { change } });
  expect((await send({ scaleBy: 2 })).json()).toEqual({ scaleBy: 2 });
  const problem = expectProblem(await send({ to: 3, why: 4 }), 'request-invalid');
  expect(problem.errors.map(({ pointer }) => pointer)).toEqual(['/change/why']);
});

test('a handler that takes too long is answered for, and a hijacked stream is left alone', async () => {
  const stream = Promise.withResolvers<ServerResponse>();
  const app = await build({
    routes: (http) => {
      http.get('/slow', { config: role('viewer'), handlerTimeout: 20 }, () => new Promise(() => undefined));
      http.get('/events', { config: role('viewer'), handlerTimeout: 10 }, (_request, reply) => {
        reply.hijack();
        reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
        stream.resolve(reply.raw);
      });
    },
  });
  const events = app.inject('/events');
  const open = await stream.promise;
  expectProblem(await app.inject('/slow'), 'request-timeout');
  open.end('data: still here\n\n');
  expect((await events).body).toBe('data: still here\n\n');
});

test('an unknown error answers 500 without its message and is logged once with it', async () => {
  const lines: string[] = [];
  const log = createLog('plan', { LOG_LEVEL: 'info' }, { write: (line) => void lines.push(line) });
  const app = await build({
    log,
    routes: (http) => {
      http.get('/broken', { config: role('viewer') }, async () => {
        throw new Error('the pool is gone');
      });
      const lying = { response: { 200: z.object({ id: z.string() }) } };
      http.get('/lying', { config: role('viewer'), schema: lying }, async () => JSON.parse('{"id":1}'));
    },
  });
  const response = await app.inject('/broken');
  const { traceId } = expectProblem(response, 'internal');
  expect(response.body).not.toContain('pool');
  expect(lines.filter((line) => line.includes('the pool is gone'))).toHaveLength(1);
  expect(lines.filter((line) => line.includes(traceId))).toHaveLength(1);
  expectProblem(await app.inject('/lying'), 'internal');
});

test('bodies that are no JSON, too large or of another type are refused as problems', async () => {
  const app = await build({ bodyLimitBytes: 100 });
  const headers = { 'content-type': 'application/json' };
  expectProblem(await app.inject({ method: 'POST', url: '/things', headers, payload: '{"size":' }), 'request-invalid');
  expectProblem(
    await app.inject({ method: 'POST', url: '/things', headers, payload: `"${'x'.repeat(200)}"` }),
    'body-too-large',
  );
  expectProblem(
    await app.inject({ method: 'POST', url: '/things', headers: { 'content-type': 'text/plain' }, payload: 'x' }),
    'media-type-unsupported',
  );
  expectProblem(
    await app.inject({ method: 'POST', url: '/things', headers, payload: '{"__proto__":{"size":1},"size":1}' }),
    'request-invalid',
  );
});

test('a route without a body schema runs without a body and refuses one', async () => {
  const app = await build();
  const headers = { 'content-type': 'application/json' };
  expect((await app.inject({ method: 'POST', url: '/run' })).statusCode).toBe(200);
  expect((await app.inject({ method: 'POST', url: '/run', headers })).statusCode).toBe(200);
  expectProblem(await app.inject({ method: 'POST', url: '/run', payload: { now: true } }), 'request-invalid');
});

test('unknown routes, methods and broken paths are problems', async () => {
  const app = await build();
  expectProblem(await app.inject('/nowhere'), 'route-not-found');
  expectProblem(await app.inject({ method: 'DELETE', url: '/things' }), 'route-not-found');
  expectProblem(await app.inject('/things/%zz'), 'request-invalid');
  expectProblem(await app.inject(`/things/${'x'.repeat(2000)}`), 'request-invalid');
  const problem = expectProblem(await app.inject('/things/b'), 'not-found');
  expect(problem).toMatchObject({ detail: 'No thing b', instance: '/things/b', status: 404 });
});

test('a trace is continued in a new span, named in problems, and a broken one is replaced', async () => {
  const app = await build();
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
  const response = await app.inject({ url: '/things/b', headers: { traceparent } });
  expect(response.headers.traceparent).toMatch(new RegExp(`^00-${traceId}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
  expect(expectProblem(response, 'not-found').traceId).toBe(traceId);
  const broken = await app.inject({
    url: '/things',
    headers: { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` },
  });
  expect(broken.headers.traceparent).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-01$/);
});

test('a service does not start with a route that names no role or drops unknown fields', async () => {
  await expect(build({ routes: (http) => http.get('/x', async () => ({})) })).rejects.toThrow('GET /x names no role');
  const dropping = { config: role('viewer'), schema: { querystring: z.object({ a: z.string().optional() }) } };
  await expect(build({ routes: (http) => http.get('/x', dropping, async () => ({})) })).rejects.toThrow(
    'drops unknown fields',
  );
});

test('operations answer without a key, and the document names the role of every route', async () => {
  const app = await build();
  for (const url of ['/health', '/-/healthy', '/ready', '/-/ready', '/metrics', '/docs/', '/openapi.json']) {
    expect((await app.inject(url)).statusCode, url).toBe(200);
  }
  const document = (await app.inject('/openapi.json')).json();
  expect(document.paths['/things'].post['x-role']).toBe('operator');
  expect(document.paths['/things'].post.security).toEqual([{ bearer: [] }]);
  expect(document.paths['/health'].get.security).toEqual([]);
  expect(document.paths['/things'].post.requestBody.content['application/json'].schema.properties.size).toEqual({
    type: 'number',
  });
});

test('every answer carries the security headers, with the directives that a service adds', async () => {
  const app = await build({ contentSecurity: { 'img-src': ["'self'", 'data:', 'blob:'] } });
  for (const url of ['/things', '/nowhere', '/health']) {
    const { headers } = await app.inject(url);
    expect(headers, url).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'SAMEORIGIN' });
    expect(headers['content-security-policy'], url).toContain("img-src 'self' data: blob:");
    expect(headers['strict-transport-security'], url).toBeUndefined();
  }
});

test('readiness names the reason of each dependency and hides messages that are not ours', async () => {
  const app = await build({
    readiness: {
      postgres: async () => {},
      redis: async () => {
        throw new CharterError('upstream-unavailable', 'appendonly is off');
      },
      prometheus: async () => {
        throw new Error('http://user:password@host refused');
      },
    },
  });
  const response = await app.inject('/ready');
  expect(response.statusCode).toBe(503);
  expect(response.body).not.toContain('password');
  expect(response.json().dependencies).toEqual({
    postgres: { ready: true },
    redis: { ready: false, reason: 'appendonly is off' },
    prometheus: { ready: false, reason: 'did not answer' },
  });
});
