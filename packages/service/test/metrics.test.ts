import { execFileSync } from 'node:child_process';
import { findBinaries } from '@charter/stack';
import { expect, test } from 'vitest';
import { createRegistry } from '../src/index.ts';
import { buildSample } from './sample-app.ts';

test('requests are measured by route pattern, so that callers cannot invent label values', async () => {
  const registry = createRegistry('plan');
  const app = await buildSample({ registry });
  await app.inject('/things/a');
  await app.inject('/things/b');
  await app.inject('/wp-admin');
  const text = (await app.inject('/metrics')).body;
  expect(text).toContain(
    'charter_plan_http_request_duration_seconds_count{method="GET",route="/things/:id",status="404"} 2',
  );
  expect(text).toContain(
    'charter_plan_http_request_duration_seconds_count{method="GET",route="unmatched",status="404"} 1',
  );
  expect(text).not.toContain('wp-admin');
  await app.close();
});

test('who prefers OpenMetrics gets it, with the trace of a request beside its duration; everybody else the same text as before', async () => {
  const app = await buildSample({ registry: createRegistry('plan') });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  await app.inject({ url: '/things', headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } });
  const names = (body: string) => [...body.matchAll(/^(\w+_total)\b/gm)].map(([name]) => name).toSorted();
  const before = (await app.inject('/metrics')).body;
  const accept = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3';
  const open = await app.inject({ url: '/metrics', headers: { accept } });
  expect(open.headers['content-type']).toContain('application/openmetrics-text');
  expect(open.body).toMatch(/# EOF\n$/);
  expect(open.body).toMatch(
    new RegExp(`http_request_duration_seconds_bucket\\{.*route="/things".*# \\{trace_id="${traceId}"\\}`),
  );
  const after = await app.inject('/metrics');
  expect(after.headers['content-type']).toContain('text/plain');
  expect(after.body).not.toContain('trace_id');
  expect(names(before).length).toBeGreaterThan(0);
  for (const body of [open.body, after.body]) expect(names(body)).toEqual(names(before));
  await app.close();
});

test('every metric has the prefix of its app and passes promtool', async () => {
  const app = await buildSample({ registry: createRegistry('charter'), app: 'charter' });
  await app.inject('/things');
  const text = (await app.inject('/metrics')).body;
  const names = [...text.matchAll(/^# TYPE (\S+) \S+$/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(15);
  for (const name of names) expect(name).toMatch(/^charter_api_/);
  const { promtool } = await findBinaries();
  const lint = (metrics: string) =>
    execFileSync(promtool.path, ['check', 'metrics'], { input: metrics, stdio: ['pipe', 'pipe', 'pipe'] }).toString();
  expect(lint(text)).toBe('');
  expect(() => lint('# HELP x_total X.\n# TYPE x_total gauge\nx_total 1\n')).toThrow('x_total');
  await app.close();
});
