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

test('every metric has the prefix of its app, a help text and a name that fits its type', async () => {
  const app = await buildSample({ registry: createRegistry('charter'), app: 'charter' });
  await app.inject('/things');
  const text = (await app.inject('/metrics')).body;
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type }));
  expect(types.length).toBeGreaterThan(15);
  for (const { name, type } of types) {
    expect(name).toMatch(/^charter_api_/);
    expect(text).toContain(`# HELP ${name} `);
    expect(name.endsWith('_total'), `${type} ${name}`).toBe(type === 'counter');
  }
  await app.close();
});
