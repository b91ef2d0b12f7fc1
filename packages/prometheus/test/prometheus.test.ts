import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { createPrometheus, type PrometheusOptions } from '../src/index.ts';
import { type FaultServer, json, startFaultServer } from './fault-server.ts';

const nowSeconds = () => Date.now() / 1000;
const vector = (...values: string[]) => ({
  status: 'success',
  data: {
    resultType: 'vector',
    result: values.map((value, index) => ({
      metric: { component: `c${String(index)}` },
      value: [nowSeconds(), value],
    })),
  },
});

async function asked(behave: Parameters<FaultServer['behave']>[0], options: Partial<PrometheusOptions> = {}) {
  await using server = await startFaultServer();
  server.behave(behave);
  const prometheus = createPrometheus({ url: server.url, timeoutMs: 300, ...options });
  const answer = await prometheus.instant('up');
  await prometheus.close();
  return answer;
}

test('a question goes out as a form below the base path, with headers and a timeout', async () => {
  await using server = await startFaultServer();
  server.behave(json(200, vector('1.5')));
  const prometheus = createPrometheus({ url: server.url, timeoutMs: 300, headers: { 'x-scope-orgid': 'a' } });
  const answer = await prometheus.instant('sum(rate(x[1m])) > 1', { at: new Date().toISOString() });
  expect(answer).toMatchObject({
    kind: 'vector',
    samples: [{ labels: { component: 'c0' }, value: 1.5, valueKind: 'finite' }],
  });
  const [request] = server.seen;
  expect(request).toMatchObject({ path: '/prefix/api/v1/query', headers: { 'x-scope-orgid': 'a' } });
  const form = new URLSearchParams(request?.body);
  expect([form.get('query'), form.get('timeout')]).toEqual(['sum(rate(x[1m])) > 1', '300ms']);
  await prometheus.close();
});

test('values that are no finite numbers are marked one by one', async () => {
  const answer = await asked(json(200, vector('NaN', '+Inf', '-Inf', '1e-3')));
  const kinds = answer.kind === 'vector' ? answer.samples.map(({ value, valueKind }) => [value, valueKind]) : [];
  expect(kinds).toEqual([
    [Number.NaN, 'nan'],
    [Number.POSITIVE_INFINITY, 'infinite'],
    [Number.NEGATIVE_INFINITY, 'infinite'],
    [0.001, 'finite'],
  ]);
});

test('a scalar is one sample without labels', async () => {
  const scalar = { status: 'success', data: { resultType: 'scalar', result: [nowSeconds(), '2'] } };
  expect(await asked(json(200, scalar))).toMatchObject({ kind: 'vector', samples: [{ labels: {}, value: 2 }] });
});

test('hints on the query are kept apart from missing data', async () => {
  const infos = { ...vector('1'), infos: ['PromQL info: might be no counter'], warnings: ['PromQL info: old form'] };
  expect(await asked(json(200, infos))).toMatchObject({ kind: 'vector', hints: [...infos.infos, ...infos.warnings] });
});

const old = { status: 'success', data: { resultType: 'vector', result: [{ metric: {}, value: [1000, '1'] }] } };
const cutShort = (response: ServerResponse) => {
  response.writeHead(200, { 'content-length': '999' });
  response.write('{"status"', () => response.destroy());
};
const error = (errorType: string) => ({ status: 'error', errorType, error: 'reason given' });
test.each<[string, string, Parameters<FaultServer['behave']>[0]]>([
  ['no series', 'empty', json(200, vector())],
  ['NaN alone', 'nan', json(200, vector('NaN', 'NaN'))],
  ['a warning', 'partial', json(200, { ...vector('1'), warnings: ['store 2 is down'] })],
  ['an old answer', 'stale', json(200, old)],
  ['silence', 'timeout', () => undefined],
  ['headers and no body', 'timeout', (response) => response.writeHead(200).flushHeaders()],
  ['a query that took too long', 'timeout', json(503, error('timeout'))],
  ['a server that starts', 'unavailable', (response) => response.writeHead(503).end('Service Unavailable')],
  ['a gateway error page', 'unavailable', (response) => response.writeHead(502).end('<html>')],
  ['a refusal for load', 'unavailable', json(429, {})],
  ['an internal error', 'unavailable', json(500, error('internal'))],
  ['a reset', 'unavailable', (_response, request) => request.socket.resetAndDestroy()],
  ['a cut answer', 'unavailable', cutShort],
  ['a bad query', 'rejected', json(400, error('bad_data'))],
  ['a query that cannot be executed', 'rejected', json(422, error('execution'))],
  ['a missing key', 'rejected', json(401, {})],
  ['a login page', 'malformed', (response) => response.writeHead(200).end('<html>')],
  ['half a JSON', 'malformed', (response) => response.writeHead(200).end('{"status":"success"')],
  ['another shape', 'malformed', json(200, { status: 'success', data: [] })],
  ['a value that is no number', 'malformed', json(200, vector('12abc'))],
  ['an empty value', 'malformed', json(200, vector(''))],
  ['an answer too large', 'malformed', json(200, vector(...Array.from({ length: 5000 }, () => '1')))],
])('%s is inconclusive: %s', async (_what, reason, behave) => {
  const answer = await asked(behave, { maxAnswerBytes: 10_000 });
  expect(answer).toMatchObject({ kind: 'inconclusive', reason, detail: expect.stringMatching(/./) });
});

test('a question that lost its connection once is asked again', async () => {
  let asks = 0;
  const answer = await asked((response, request) => {
    asks += 1;
    if (asks === 1) request.socket.destroy();
    else json(200, vector('1'))(response);
  });
  expect(answer.kind).toBe('vector');
});

test('an upstream that fails again and again is left alone, and asked again later', async () => {
  await using server = await startFaultServer();
  server.behave(json(500, {}));
  const options = { url: server.url, breakerFailures: 2, breakerOpenMs: 50 };
  const prometheus = createPrometheus(options);
  await prometheus.instant('up');
  await prometheus.instant('up');
  expect(await prometheus.instant('up')).toMatchObject({ reason: 'unavailable', detail: /not asked/ });
  expect(server.seen).toHaveLength(2);
  server.behave(json(200, vector('1')));
  await expect.poll(async () => (await prometheus.instant('up')).kind).toBe('vector');
  await prometheus.close();
});

test('more questions than connections wait for their turn, and a caller may give up', async () => {
  await using server = await startFaultServer();
  let atOnce = 0;
  let most = 0;
  server.behave((response) => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    setImmediate(() => {
      atOnce -= 1;
      json(200, vector('1'))(response);
    });
  });
  const prometheus = createPrometheus({ url: server.url, maxConcurrent: 2 });
  const answers = await Promise.all(Array.from({ length: 10 }, () => prometheus.instant('up')));
  expect(answers.every(({ kind }) => kind === 'vector')).toBe(true);
  expect(most).toBeLessThanOrEqual(2);
  const signal = AbortSignal.abort();
  expect(await prometheus.instant('up', { signal })).toMatchObject({
    reason: 'timeout',
    detail: 'given up by its caller',
  });
  await prometheus.close();
});

test('a range whose series all ended long ago is stale', async () => {
  const [from, to] = [new Date(Date.now() - 3_600_000).toISOString(), new Date().toISOString()];
  const ended = [[nowSeconds() - 3000, '1']];
  const result = [{ metric: {}, values: ended }];
  await using server = await startFaultServer();
  server.behave(json(200, { status: 'success', data: { resultType: 'matrix', result } }));
  const prometheus = createPrometheus({ url: server.url });
  expect(await prometheus.range('up', { from, to, stepSeconds: 15 })).toMatchObject({ reason: 'stale' });
  result.push({ metric: {}, values: [[nowSeconds(), 'NaN']] });
  expect(await prometheus.range('up', { from, to, stepSeconds: 15 })).toMatchObject({
    kind: 'matrix',
    series: [{ values: [1] }, { values: [Number.NaN] }],
  });
  await prometheus.close();
});
