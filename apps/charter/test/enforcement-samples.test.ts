import { readFile } from 'node:fs/promises';
import { newId, openStore } from '@charter/store';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Answer, charterFixture, type Fixture } from './fixture.ts';

interface Verdict {
  isValid: boolean;
  allowed: boolean;
  reason: string;
  enforcementAction: string;
  errors: string[];
  policyVersion: string;
  decisionId: string;
}
interface Violation {
  id: string;
  severity: string;
  metric_name: string;
  attempt_count: number;
  policy: string;
  action: string;
  node_or_service: string;
  firing: boolean;
}

const classic = (environment: string) =>
  readFile(new URL(`../../../deploy/policies/${environment}.yaml`, import.meta.url), 'utf8');
const allowedNames =
  'latency_p50 latency_p95 packet_loss_percent throughput_mbps connections_active error_rate cpu_usage_percent memory_usage_percent disk_usage_percent uptime_seconds request_count success_rate response_time_ms'.split(
    ' ',
  );
const forbiddenNames =
  'user_location user_identity browsing_history device_hardware_id user_communication_metadata system_logs_with_user_data'.split(
    ' ',
  );

let charter: Fixture;
beforeAll(async () => {
  charter = await charterFixture({ CHARTER_ENVIRONMENT: 'production', CHARTER_ENFORCEMENT_QUIET: '1s' });
  const policy = await classic('production');
  const applied = await charter.ok(
    charter.post<{ policy_id: string; status: string }>('policies/apply', { policy }),
    201,
  );
  if (applied.status === 'pending') {
    const { items } = await charter.ok(charter.get<{ items: Array<{ id: string }> }>('approvals?status=pending'));
    for (const { id } of items) await charter.ok(charter.post(`approvals/${id}/approve`));
  }
  await vi.waitFor(async () => expect((await validate(sample('latency_p95'))).allowed).toBe(true), 10_000);
});
afterAll(() => charter.close());

const sample = (metric_name: string, more: object = {}) => ({
  metric_name,
  value: 1,
  timestamp: new Date().toISOString(),
  source: 'node-1',
  ...more,
});
const validate = (body: unknown) => charter.ok(charter.post<Verdict>('metrics/validate', body));
const violations = () => charter.ok(charter.get<Violation[]>('violations'));
const about = async (metric: string) => (await violations()).filter(({ metric_name }) => metric_name === metric);

describe('the three classic documents', () => {
  test.each(['development', 'staging', 'production'])('%s loads: 13 whitelisted, 6 forbidden', async (environment) => {
    expect(await charter.ok(charter.post('policies/validate', await classic(environment)))).toMatchObject({
      valid: true,
      metrics: { whitelisted: 13, forbidden: 6 },
    });
  });
});

describe('one sample', () => {
  test.each(allowedNames)('of %s is allowed', async (name) => {
    expect(await validate(sample(name))).toMatchObject({
      isValid: true,
      allowed: true,
      reason: 'WHITELISTED',
      enforcementAction: 'ALLOW',
      errors: [],
    });
  });

  test.each(forbiddenNames)('of %s is forbidden and blocked', async (name) => {
    const answer = await validate(sample(name, { source: 'single' }));
    expect(answer).toMatchObject({ isValid: true, allowed: false, reason: 'FORBIDDEN', enforcementAction: 'BLOCK' });
    expect(answer.errors[0]).toContain(`${name} is forbidden`);
  });

  test('that no rule names is not whitelisted', async () => {
    expect(await validate(sample('shoe_size'))).toMatchObject({
      isValid: true,
      allowed: false,
      reason: 'NOT_WHITELISTED',
      enforcementAction: 'REJECT',
      errors: ['shoe_size is not whitelisted'],
    });
  });

  test.each([0, -5, 1e300, 'text', '', '9'.repeat(30)])('may have the value %j', async (value) => {
    expect(await validate(sample('latency_p95', { value }))).toMatchObject({ isValid: true, allowed: true });
  });

  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  const wrong: Array<[string, object]> = [
    ['metric_name is missing', { metric_name: undefined }],
    ['value is missing', { value: undefined }],
    ['timestamp is missing', { timestamp: undefined }],
    ['source is missing', { source: undefined }],
    ['metric_name is malformed: letters, digits, _ and :, not starting with a digit', { metric_name: '9 lives' }],
    ['timestamp is malformed: expected RFC 3339 text or epoch seconds', { timestamp: 'soon' }],
    ['timestamp is in the future', { timestamp: tomorrow }],
    ['labels is no map of text', { labels: [] }],
    ['The field colour is unknown', { colour: 'red' }],
  ];
  test.each(wrong)('is told: %s', async (message, change) => {
    expect(await validate(sample('latency_p95', change))).toMatchObject({
      isValid: false,
      allowed: false,
      reason: 'INVALID',
      enforcementAction: 'REJECT',
      errors: [message],
    });
  });

  test('every way of being refused has its own message', async () => {
    const bodies = [
      ...wrong.map(([, change]) => sample('latency_p95', change)),
      sample('shoe_size'),
      sample('browsing_history'),
    ];
    const messages = (await Promise.all(bodies.map(validate))).map(({ errors }) => errors[0]);
    expect(new Set(messages).size).toBe(bodies.length);
  });

  test.each(['[]', 'null', '1', '"text"', '{', ''])('that is %s is no JSON object: 400', async (body) => {
    const response = await fetch(`${charter.first.url}/api/v1/metrics/validate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
  });

  test('hostile names and texts are answered, never a failure of ours', async () => {
    const hostile = ['\0', 'a\0b', '\ud800', '🙂', 'x'.repeat(100_000), 'constructor', 'toString'];
    for (const text of hostile) {
      for (const body of [sample(text), sample('user_location', { source: text, labels: { [text]: text } })]) {
        expect((await charter.post('metrics/validate', body)).status).toBe(200);
      }
    }
  });

  test('names the policies it was decided by, and can be explained by id', async () => {
    const { decisionId, policyVersion } = await validate(sample('browsing_history', { source: 'explained' }));
    const explained = await charter.ok(
      charter.get<{ decision: Verdict & { effect: string }; recomputed: unknown }>(`decisions/${decisionId}/explain`),
    );
    expect(explained).toMatchObject({ decision: { effect: 'deny', policyVersion }, recomputed: { agrees: true } });
    await expect
      .poll(async () => {
        const { items } = await charter.ok(charter.get<{ items: Array<{ subject: string }> }>('audit?limit=500'));
        return items.some(({ subject }) => subject === decisionId);
      })
      .toBe(true);
  });
});

describe('a batch', () => {
  const batch = (metrics: unknown[]) =>
    charter.ok(
      charter.post<{ total: number; passed: number; blocked: number; all_valid: boolean; results: Verdict[] }>(
        'metrics/validate-batch',
        { metrics },
      ),
    );

  test('that is empty is valid', async () => {
    expect(await batch([])).toEqual({ total: 0, passed: 0, blocked: 0, all_valid: true, results: [] });
  });

  test('answers totals and each sample in order', async () => {
    const answer = await batch([sample('latency_p95'), sample('shoe_size'), 5, sample('error_rate')]);
    expect(answer).toMatchObject({ total: 4, passed: 2, blocked: 2, all_valid: false });
    expect(answer.results.map(({ reason }) => reason)).toEqual([
      'WHITELISTED',
      'NOT_WHITELISTED',
      'INVALID',
      'WHITELISTED',
    ]);
    expect(await batch([sample('latency_p95')])).toMatchObject({ all_valid: true });
  });

  test('of allowed and forbidden samples answers and records each for itself', async () => {
    const source = `node-${newId()}`;
    const names = ['latency_p95', 'user_location', 'shoe_size', 'user_location', 'error_rate', 'user_location'];
    const answer = await batch(names.map((name) => sample(name, { source })));
    const actions = ['ALLOW', 'BLOCK', 'REJECT', 'BLOCK', 'ALLOW', 'BLOCK'];
    expect(answer).toMatchObject({ total: 6, passed: 2, blocked: 4, all_valid: false });
    expect(answer.results.map(({ enforcementAction }) => enforcementAction)).toEqual(actions);
    const postgres = await openStore({ url: charter.database.url, schema: 'outside', migrations: {} });
    const denied = async () => {
      const { rows } = await sql<{ subject: string; data: string }>`
        select subject, data from charter.audit where actor = ${source} order by seq`.execute(postgres.db);
      return rows.map(({ subject, data }) => [subject, (JSON.parse(data) as { metric: string }).metric]);
    };
    const expected = answer.results.flatMap(({ allowed: isAllowed, decisionId }, index) =>
      isAllowed ? [] : [[decisionId, names[index]]],
    );
    await expect.poll(denied).toEqual(expected);
    await postgres.close();
  });

  test('larger than one slice is evaluated whole', async () => {
    const answer = await batch(Array.from({ length: 2_000 }, () => sample('latency_p95')));
    expect(answer).toMatchObject({ total: 2_000, passed: 2_000 });
  });

  test('of 100 samples takes less than 100 ms', async () => {
    const metrics = Array.from({ length: 100 }, (_, index) => sample(allowedNames[index % 13] ?? ''));
    const times: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const startedAt = performance.now();
      await batch(metrics);
      times.push(performance.now() - startedAt);
    }
    expect(Math.min(...times)).toBeLessThan(100);
  });

  test.each([{}, { metrics: {} }, { metrics: [], more: 1 }])('%j is no batch', async (body) => {
    expect(await charter.post('metrics/validate-batch', body)).toMatchObject({ status: 400 });
  });
});

describe('the escalation ladder', () => {
  const attempt = (metric: string, source = 'node-7') => validate(sample(metric, { source }));

  test('3 attempts make one HIGH event, 5 raise it to CRITICAL, later ones only raise the count', async () => {
    const name = 'device_hardware_id';
    const before = (await about(name))[0]?.attempt_count ?? 1; // the single attempt above counts too
    expect(before).toBeLessThan(3);
    await attempt(name);
    expect(await about(name)).toEqual([]);
    await attempt(name);
    const [high] = await about(name);
    expect(high).toMatchObject({
      severity: 'HIGH',
      attempt_count: 3,
      policy: 'Telemetry Charter',
      action: 'ESCALATE_TO_DAO',
    });
    await attempt(name);
    expect(await about(name)).toMatchObject([{ id: high?.id, severity: 'HIGH', attempt_count: 4 }]);
    await attempt(name);
    expect(await about(name)).toMatchObject([
      { id: high?.id, severity: 'CRITICAL', attempt_count: 5, action: 'IMMEDIATE_SHUTDOWN' },
    ]);
    await attempt(name);
    expect(await about(name)).toMatchObject([{ id: high?.id, severity: 'CRITICAL', attempt_count: 6 }]);
  });

  test('a restart and other replicas count on', { timeout: 60_000 }, async () => {
    const name = 'user_communication_metadata';
    await attempt(name);
    const other = await charter.start();
    const answer: Answer<unknown> = await charter.post('metrics/validate', sample(name, { source: 'node-8' }), {
      at: other,
    });
    expect(answer.status).toBe(200);
    await expect.poll(() => about(name)).toMatchObject([{ severity: 'HIGH', attempt_count: 3 }]);
    await other.close();
    const again = await charter.start();
    await charter.post('metrics/validate', sample(name), { at: again });
    await charter.post('metrics/validate', sample(name), { at: again });
    await expect.poll(() => about(name)).toMatchObject([{ severity: 'CRITICAL', attempt_count: 5 }]);
  });

  test('attempts of one batch and attempts at once are each counted once', async () => {
    const name = 'system_logs_with_user_data';
    const metrics = Array.from({ length: 40 }, () => sample(name));
    await Promise.all([
      charter.ok(charter.post('metrics/validate-batch', { metrics })),
      ...Array.from({ length: 20 }, () => attempt(name)),
    ]);
    await expect.poll(() => about(name)).toMatchObject([{ severity: 'CRITICAL', attempt_count: 61 }]);
  });

  test('a malformed attempt is an attempt', async () => {
    const name = 'user_identity';
    const answers = await Promise.all([1, 2].map(() => validate(sample(name, { value: undefined }))));
    for (const answer of answers) expect(answer).toMatchObject({ reason: 'INVALID', enforcementAction: 'BLOCK' });
    expect(await about(name)).toMatchObject([{ severity: 'HIGH', attempt_count: 3 }]);
  });

  test('tells monitor in the transaction of the event, and again when the attempts stop', async () => {
    const postgres = await openStore({ url: charter.database.url, schema: 'outside', migrations: {} });
    const source = `node-${newId()}`;
    await charter.ok(
      charter.post('metrics/validate-batch', {
        metrics: [1, 2, 3, 4, 5].map(() => sample('browsing_history', { source })),
      }),
    );
    const signals = async () => {
      const { rows } = await sql<{ payload: string }>`
        select payload::text from transport.outbox where queue = 'signals' order by created_at, id`.execute(
        postgres.db,
      );
      return rows
        .map(({ payload }) => (JSON.parse(payload) as { data: Record<string, unknown> }).data)
        .filter(({ metric }) => metric === 'browsing_history');
    };
    await expect.poll(signals).toContainEqual(
      expect.objectContaining({
        rule: 'forbidden-metric',
        environment: 'production',
        metric: 'browsing_history',
        severity: 'critical',
        state: 'firing',
      }),
    );
    await expect.poll(async () => (await signals()).at(-1)?.state).toBe('resolved');
    expect((await about('browsing_history'))[0]).toMatchObject({ severity: 'CRITICAL', firing: false });
    await postgres.close();
  });

  test('samples are answered while the ladder cannot be reached, and counted once it can', async () => {
    const postgres = await openStore({ url: charter.database.url, schema: 'outside', migrations: {} });
    const name = 'user_location';
    const before = (await about(name))[0]?.attempt_count ?? 0;
    await postgres.transaction(async ({ db }) => {
      await sql`select pg_advisory_xact_lock(5120448)`.execute(db); // holds up every writer of the ladder
      const [blocked, allowed] = await Promise.all([attempt(name), validate(sample('latency_p95'))]);
      expect(blocked).toMatchObject({ allowed: false, enforcementAction: 'BLOCK' });
      expect(allowed).toMatchObject({ allowed: true });
      await Promise.all([attempt(name), attempt(name)]);
      expect((await about(name))[0]?.attempt_count ?? 0).toBe(before);
    });
    await postgres.close();
    await expect.poll(async () => (await about(name))[0]?.attempt_count ?? 0).toBeGreaterThanOrEqual(3);
  });
});
