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
