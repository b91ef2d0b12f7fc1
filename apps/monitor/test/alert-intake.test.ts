import { createRegistry } from '@charter/service';
import { openStore, type Store } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { defaultSettings } from '../src/domain/settings.ts';
import { createStormWindow } from '../src/domain/storm-window.ts';
import { emptyWatch } from '../src/domain/watch.ts';
import { WebhookPayload } from '../src/domain/webhook-payload.ts';
import { createMetrics } from '../src/metrics.ts';
import { migrations } from '../src/migrations.ts';
import type { MonitorTables } from '../src/tables.ts';
import { createAlertIntake } from '../src/workers/alert-intake.ts';
import { type DrainDeps, drainIntake } from '../src/workers/drain-intake.ts';
import { webhookCall } from './monitor-fixture.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let store: Store<MonitorTables>;
const metrics = createMetrics(createRegistry('monitor'));

beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  store = await openStore<MonitorTables>({ url: database.url, schema: 'monitor', migrations });
});

afterAll(async () => {
  await store.close();
  await database.drop();
});

beforeEach(async () => {
  await sql`truncate monitor.alert_intake, monitor.alert, monitor.signal, monitor.violation, monitor.incident, transport.outbox`.execute(
    store.db,
  );
});

const intakeOf = (limit: number, onStored: () => void = () => undefined) =>
  createAlertIntake({ store, metrics, limit, onStored });
const callAbout = (...components: string[]): WebhookPayload =>
  WebhookPayload.parse(
    webhookCall(
      'firing',
      components.map((component) => ({ alertname: 'Down', component })),
    ),
  );
const stored = async (): Promise<number> => (await store.db.selectFrom('alert_intake').select('id').execute()).length;

function drainOf(errors: unknown[] = [], fields: Partial<DrainDeps> = {}) {
  return drainIntake({
    store,
    environment: 'test',
    settings: defaultSettings,
    clock: Date.now,
    watch: () => emptyWatch,
    silences: () => [],
    stormWindow: createStormWindow(1_000, 30),
    metrics,
    tracing: null,
    isBusy: () => false,
    alerts: {
      list: async () => ({ kind: 'inconclusive', reason: 'unavailable', detail: 'none here' }),
      listGroup: async () => ({ kind: 'inconclusive', reason: 'unavailable', detail: 'none here' }),
    },
    onDrained: () => undefined,
    onError: (error) => void errors.push(error),
    ...fields,
  });
}

test('calls that come at once are all durable when answered, and handed on', async () => {
  let woken = 0;
  const intake = intakeOf(1_000, () => {
    woken += 1;
  });
  await Promise.all(Array.from({ length: 300 }, (_, index) => intake.accept(callAbout(`c${String(index)}`))));
  expect(await stored()).toBe(300);
  expect(woken).toBeGreaterThan(0);
});

test('beyond its limit calls are refused with a failure that is worth repeating, until some are worked on', async () => {
  const intake = intakeOf(10);
  await Promise.all(Array.from({ length: 10 }, () => intake.accept(callAbout('a'))));
  expect(() => intake.accept(callAbout('a'))).toThrow(
    expect.objectContaining({ code: 'overloaded', status: 503, retryable: true }),
  );
  intake.drained(4);
  await intake.accept(callAbout('a'));
  expect(await stored()).toBe(11);
});

test('calls left over by a replica that died count against the limit of the next', async () => {
  await Promise.all(Array.from({ length: 10 }, () => intakeOf(1_000).accept(callAbout('a'))));
  const next = intakeOf(10);
  await next.recount();
  expect(() => next.accept(callAbout('a'))).toThrow(expect.objectContaining({ code: 'overloaded' }));
});

test('without a database nothing is accepted', async () => {
  const closed = await openStore<MonitorTables>({ url: database.url, schema: 'monitor', migrations });
  await closed.close();
  const intake = createAlertIntake({ store: closed, metrics, limit: 10, onStored: () => undefined });
  await expect(intake.accept(callAbout('a'))).rejects.toThrow();
  expect(await stored()).toBe(0);
});

test('replicas that drain at once act on each call once', async () => {
  const intake = intakeOf(1_000);
  const components = Array.from({ length: 60 }, (_, index) => `c${String(index)}`);
  await Promise.all(components.map((component) => intake.accept(callAbout(component, `${component}-db`))));
  await Promise.all([drainOf()(), drainOf()(), drainOf()()]);
  expect(await stored()).toBe(0);
  const violations = await store.db.selectFrom('violation').select(['component', 'record']).execute();
  expect(violations).toHaveLength(120);
  expect(violations.every(({ record }) => record.episode === 1)).toBe(true);
  const { rows } = await sql<{ count: string }>`
    select count(*) from transport.outbox where queue = 'violations'`.execute(store.db);
  expect(rows[0]?.count).toBe('120');
});

test('one call that cannot be worked on is set aside with the reason, and the others are not held up', async () => {
  const intake = intakeOf(100);
  await intake.accept(callAbout('before'));
  await sql`insert into monitor.alert_intake (body) values ('no JSON')`.execute(store.db);
  await intake.accept(callAbout('after'));
  const errors: unknown[] = [];
  await drainOf(errors)();
  const left = await store.db.selectFrom('alert_intake').select('failure').execute();
  expect(left).toEqual([{ failure: expect.stringContaining('JSON') }]);
  expect(errors.length).toBeGreaterThan(0);
  const violations = await store.db.selectFrom('violation').select('component').orderBy('component').execute();
  expect(violations).toEqual([{ component: 'after' }, { component: 'before' }]);
});

test('a storm is recorded whole while only its most severe part is told at once', async () => {
  const intake = intakeOf(1_000);
  const calls = Array.from({ length: 40 }, (_, call) =>
    WebhookPayload.parse(
      webhookCall(
        'firing',
        Array.from({ length: 50 }, (_, nth) => ({
          alertname: 'Down',
          component: `c${String(call)}-${String(nth)}`,
          severity: nth === 0 ? 'critical' : 'warning',
        })),
      ),
    ),
  );
  await Promise.all(calls.map((call) => intake.accept(call)));
  await drainOf([], { stormWindow: createStormWindow(60, 30) })();
  expect(await store.db.selectFrom('violation').select('id').execute()).toHaveLength(2_000);
  const { rows } = await sql<{ severity: string; count: string }>`
    select payload::jsonb #>> '{data,severity}' as severity, count(*) from transport.outbox
    where queue = 'violations' group by 1 order by 1`.execute(store.db);
  expect(rows).toEqual([
    { severity: 'critical', count: '20' },
    { severity: 'warning', count: '40' },
  ]);
});
