import { execFile } from 'node:child_process';
import type { Problem } from '@charter/shared/contracts';
import { findBinaries } from '@charter/stack';
import { newId } from '@charter/store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { charterFixture, type Fixture } from './fixture.ts';

interface Component {
  name: string;
  spec: Record<string, unknown>;
  restarts: number;
  ready: number;
  booting: number;
}
interface Actuated {
  previous: Record<string, unknown>;
  current: Record<string, unknown>;
  undo: Record<string, unknown> | null;
}

let charter: Fixture;
beforeAll(async () => {
  charter = await charterFixture();
  const rules = [
    { id: 'ok', effect: 'allow', match: { actions: ['collect'], metrics: ['latency_*'] } },
    { id: 'never', effect: 'deny', match: { metrics: ['user_location', 'card_*'] } },
  ];
  const policy = { apiVersion: 'charter/v1', kind: 'Policy', metadata: { name: 'native' }, rules };
  await charter.ok(charter.post('policies/apply', { policy }), 201);
});
afterAll(() => charter.close());

const act = <Body = Actuated>(
  path: string,
  body: unknown,
  { key = newId(), token = '1' }: { key?: string; token?: string } = {},
) => charter.post<Body>(`components/${path}`, body, { headers: { 'idempotency-key': key, 'fencing-token': token } });
const component = (name: string) => charter.ok(charter.get<Component>(`components/${name}`));
const sample = (metric_name: string, source = 'node-1') => ({
  metric_name,
  value: 1,
  timestamp: new Date().toISOString(),
  source,
});
const validate = (metric: string) =>
  charter.post<{ allowed: boolean; reason: string; decisionId: string }>('metrics/validate', sample(metric));
const metrics = async () => (await charter.get<string>('/metrics')).body;

describe('the actuators', () => {
  test('list the components with the settings that they change', async () => {
    const { items } = await charter.ok(charter.get<{ items: Component[] }>('components'));
    expect(items).toMatchObject([
      { name: 'evaluation', spec: { replicas: 5, limitRequestsPerSecond: null, bypassUntil: null }, ready: 5 },
      { name: 'committee', spec: { replicas: 3 } },
    ]);
  });

  test('change what they say, answer what was before, and undo it exactly', async () => {
    const before = await component('evaluation');
    const orders: Array<[string, object]> = [
      ['scale', { replicas: 20 }],
      ['throttle', { requestsPerSecond: 100_000 }],
      ['rebalance', { weights: { small: 1, large: 4 } }],
      ['config', { key: 'batchSize', value: 50 }],
      ['config', { key: 'timeoutMs', value: 1_000 }],
    ];
    const undone: Array<[string, object]> = [];
    for (const [operation, body] of orders) {
      const { undo } = await charter.ok(act(`evaluation/${operation}`, body));
      undone.unshift([operation, undo ?? {}]);
    }
    expect((await component('evaluation')).spec).toMatchObject({
      replicas: 20,
      limitRequestsPerSecond: 100_000,
      weights: { small: 1, large: 4 },
      config: { batchSize: 50, timeoutMs: 1_000 },
    });
    for (const [operation, body] of undone) await charter.ok(act(`evaluation/${operation}`, body));
    expect((await component('evaluation')).spec).toEqual(before.spec);
  });

  test('take effect once per key', async () => {
    const first = await charter.ok(act('evaluation/scale', { replicas: 7 }, { key: 'same' }));
    await charter.ok(act('evaluation/scale', { replicas: 9 }));
    expect(await charter.ok(act('evaluation/scale', { replicas: 7 }, { key: 'same' }))).toEqual(first);
    expect((await component('evaluation')).spec.replicas).toBe(9);
    expect(await act('evaluation/scale', { replicas: 8 }, { key: 'same' })).toMatchObject({ status: 409 });
  });

  test('refuse an old token, and calls without key or token', async () => {
    await charter.ok(act('committee/scale', { replicas: 4 }, { token: '10' }));
    const stale = await act<Problem>('committee/scale', { replicas: 2 }, { token: '9' });
    expect(stale).toMatchObject({ status: 409, body: { code: 'fencing-token-stale' } });
    await charter.ok(act('committee/scale', { replicas: 3 }, { token: '10' }));
    expect(await charter.post('components/committee/scale', { replicas: 2 })).toMatchObject({ status: 400 });
  });

  test('refuse what a component cannot do, in words', async () => {
    expect(await act('committee/bypass', { ttlSeconds: 5 }, { token: '10' })).toMatchObject({
      status: 400,
      body: { detail: 'committee has no bypass; it has scale, restart, config' },
    });
    expect(await act('evaluation/config', { key: 'nothing', value: 1 })).toMatchObject({ status: 400 });
    expect(await act('evaluation/config', { key: 'batchSize', value: 0 })).toMatchObject({ status: 400 });
    expect(await act('database/scale', { replicas: 1 })).toMatchObject({ status: 404 });
  });

  test('throttle what is let in', async () => {
    await charter.ok(act('evaluation/throttle', { requestsPerSecond: 5 }));
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await validate('latency_p95')).status));
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(5);
    await charter.ok(act('evaluation/throttle', { requestsPerSecond: null }));
    expect(await validate('latency_p95')).toMatchObject({ status: 200 });
  });

  test('a bypass lets in what no rule names, never what is forbidden, until it ends', async () => {
    await charter.ok(act('evaluation/bypass', { ttlSeconds: 60 }));
    const { body } = await validate('shoe_size');
    expect(body).toMatchObject({ allowed: true, reason: 'BYPASSED' });
    const explained = await charter.ok(charter.get(`decisions/${body.decisionId}/explain`));
    expect(explained).toMatchObject({ decision: { effect: 'allow' }, recomputed: { agrees: true } });
    expect(await validate('card_number')).toMatchObject({ body: { allowed: false, reason: 'FORBIDDEN' } });
    await charter.ok(act('evaluation/bypass', { ttlSeconds: 0 }));
    expect(await validate('shoe_size')).toMatchObject({ body: { allowed: false, reason: 'NOT_WHITELISTED' } });
    await charter.ok(act('evaluation/bypass', { ttlSeconds: 0.2 }));
    await expect.poll(async () => (await validate('shoe_size')).body.allowed).toBe(false);
    await expect.poll(async () => (await component('evaluation')).spec.bypassUntil).toBeNull();
  });

  test('a restart loads the policies again', async () => {
    const before = await component('evaluation');
    await charter.ok(act('evaluation/restart', {}));
    expect((await component('evaluation')).restarts).toBe(before.restarts + 1);
    expect(await validate('latency_p95')).toMatchObject({ body: { allowed: true } });
  });

  test('batches larger than a slice take turns and are refused when too many wait', async () => {
    await charter.ok(act('evaluation/scale', { replicas: 1 }));
    await charter.ok(act('evaluation/config', { key: 'batchSize', value: 1 }));
    await charter.ok(act('evaluation/config', { key: 'queueLimit', value: 1 }));
    const batch = { metrics: Array.from({ length: 300 }, () => sample('latency_p95')) };
    const statuses = await Promise.all(
      Array.from({ length: 8 }, async () => (await charter.post('metrics/validate-batch', batch)).status),
    );
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
  });
});

test('a rule about samples may depend on a window', async () => {
  const rules = [
    {
      id: 'nightly',
      effect: 'allow',
      match: { actions: ['collect'], metrics: ['nightly_*'] },
      when: 'inWindow("night")',
    },
  ];
  const policy = { apiVersion: 'charter/v1', kind: 'Policy', metadata: { name: 'nightly' }, rules };
  await charter.ok(charter.post('policies/apply', { policy }), 201);
  expect(await validate('nightly_total')).toMatchObject({ body: { allowed: false } });
  const span = { from: new Date(Date.now() - 1_000).toISOString(), until: new Date(Date.now() + 60_000).toISOString() };
  await charter.ok(charter.post('windows', { name: 'night', type: 'maintenance', ...span }), 201);
  expect(await validate('nightly_total')).toMatchObject({ body: { allowed: true } });
});

describe('the fifteen metrics', () => {
  const names = [
    'violations_total',
    'forbidden_metric_attempts_total',
    'data_revocation_events_total',
    'audit_committee_notifications_total',
    'investigation_initiated_total',
    'emergency_override_total',
    'metric_validation_latency_seconds',
    'policy_load_duration_seconds',
    'violation_report_latency_seconds',
    'committee_notification_latency_seconds',
    'data_revocation_latency_seconds',
    'violations_under_investigation',
    'audit_committee_size',
    'policy_last_load_timestamp_seconds',
    'emergency_overrides_active',
  ].map((name) => `westworld_charter_${name}`);

  test('are these, and no others have their prefix', async () => {
    const found = [...(await metrics()).matchAll(/^# TYPE (westworld_charter_\w+)/gm)].map(([, name]) => name);
    expect(found.sort()).toEqual(names.sort());
  });

  test('have series from the start, so that the first increase shows', async () => {
    const text = await metrics();
    for (const name of names) expect(text).toMatch(new RegExp(`^${name}(_bucket)?[{ ]`, 'm'));
    expect(text).toContain(
      'forbidden_metric_attempts_total{metric_name="user_location",node_or_service="other",status="blocked"} 0',
    );
    expect(text).not.toContain('metric_name="card_*"');
  });

  test('are clean under promtool', async () => {
    const { promtool } = await findBinaries();
    const text = await metrics();
    const findings = await new Promise<string>((resolve, reject) => {
      const child = execFile(
        promtool.path,
        ['check', 'metrics'],
        { env: { ...process.env, ...promtool.env } },
        (error, stdout, stderr) => (error ? reject(new Error(stdout + stderr)) : resolve(stdout + stderr)),
      );
      child.stdin?.end(text);
    });
    expect(findings.trim()).toBe('');
  });

  test('stay bounded whatever senders call their metrics and themselves', async () => {
    await charter.ok(act('evaluation/config', { key: 'batchSize', value: 500 }));
    const batch = {
      metrics: Array.from({ length: 400 }, (_, index) => sample(`card_${String(index)}`, `node-${String(index)}`)),
    };
    await charter.ok(charter.post('metrics/validate-batch', batch));
    const text = await metrics();
    const values = (label: string) =>
      new Set([...text.matchAll(new RegExp(`[{,]${label}="([^"]*)"`, 'g'))].map(([, value]) => value));
    expect(values('metric_name').size).toBeLessThanOrEqual(51);
    expect(values('node_or_service').size).toBeLessThanOrEqual(101);
    expect(text).toMatch(/attempts_total\{metric_name="other",node_or_service="other",status="blocked"\} [1-9]/);
  });

  test('tell when the policies were loaded', async () => {
    const [, seconds] = /^westworld_charter_policy_last_load_timestamp_seconds (\S+)$/m.exec(await metrics()) ?? [];
    expect(Math.abs(Number(seconds) - Date.now() / 1_000)).toBeLessThan(600);
  });
});
