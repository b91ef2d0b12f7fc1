import { defaultEscalation } from '@charter/policy';
import { createLog, createRegistry } from '@charter/service';
import { openStore, type Store } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import {
  type AttemptLadder,
  attemptLadder,
  type ForbiddenAttempt,
} from '../src/enforcement/adapters/attempt-ladder.ts';
import { createCharterMetrics } from '../src/enforcement/metrics.ts';
import { migrations } from '../src/migrations.ts';
import type { CharterTables } from '../src/tables.ts';

const hourMs = 3_600_000;
const environment = 'test';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let store: Store<CharterTables>;
let ladder: AttemptLadder;
beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  store = await openStore<CharterTables>({ url: database.url, schema: 'charter', migrations });
  const log = createLog('charter', { LOG_LEVEL: 'silent' });
  const metrics = createCharterMetrics(createRegistry('charter'));
  ladder = attemptLadder({ store, environment, metrics, log, onEscalated: () => undefined });
});
afterAll(async () => {
  await ladder.close();
  await store.close();
  await database.drop();
});

const start = Date.now() - 10 * hourMs;
const attempt = (metric: string, at: number, policy = 'p'): ForbiddenAttempt => ({
  metric,
  policy,
  source: 'node',
  at: start + at,
  rules: { windowMs: hourMs, levels: defaultEscalation.levels },
});
const events = (metric: string) =>
  store.db
    .selectFrom('enforcement_event')
    .select(['severity', 'attempt_count', 'policy'])
    .where('metric_name', '=', metric)
    .orderBy('id')
    .execute();

describe('the window', () => {
  test('attempts further apart than it make no event', async () => {
    for (const at of [0, 0.6 * hourMs, 1.2 * hourMs, 1.8 * hourMs]) await ladder.record([attempt('slow', at)]);
    expect(await events('slow')).toEqual([]);
  });

  test('attempts within it make one, and after it counting starts anew', async () => {
    for (const at of [0, 1, 2, 3, 4, 5]) await ladder.record([attempt('fast', at)]);
    expect(await events('fast')).toEqual([{ severity: 'CRITICAL', attempt_count: 6, policy: 'p' }]);
    await ladder.record([attempt('fast', hourMs + 1), attempt('fast', hourMs + 2)]);
    expect(await events('fast')).toHaveLength(1);
    await ladder.record([attempt('fast', hourMs + 3)]);
    expect(await events('fast')).toMatchObject([{ attempt_count: 6 }, { severity: 'HIGH', attempt_count: 3 }]);
  });
});

test('each policy counts for itself', async () => {
  await ladder.record([attempt('m', 0, 'a'), attempt('m', 1, 'b'), attempt('m', 2, 'a'), attempt('m', 3, 'b')]);
  expect(await events('m')).toEqual([]);
  await ladder.record([attempt('m', 4, 'b')]);
  expect(await events('m')).toEqual([{ severity: 'HIGH', attempt_count: 3, policy: 'b' }]);
});

test('a CRITICAL event opens one investigation and tells the committee of each severity it reached', async () => {
  for (const at of [0, 1, 2, 3, 4, 5, 6]) await ladder.record([attempt('grave', at)]);
  const notices = await store.db
    .selectFrom('committee_notice')
    .innerJoin('enforcement_event', 'enforcement_event.id', 'committee_notice.event_id')
    .select('committee_notice.severity')
    .where('metric_name', '=', 'grave')
    .orderBy('committee_notice.id')
    .execute();
  expect(notices.map(({ severity }) => severity)).toEqual(['HIGH', 'CRITICAL']);
  const investigations = await store.db
    .selectFrom('investigation')
    .innerJoin('enforcement_event', 'enforcement_event.id', 'investigation.event_id')
    .select(['initiated_by', 'status'])
    .where('metric_name', '=', 'grave')
    .execute();
  expect(investigations).toEqual([{ initiated_by: 'system', status: 'open' }]);
});

test('rungs stay bounded, however many names are tried', async () => {
  const names = Array.from({ length: 11_000 }, (_, index) => `name_${String(index)}`);
  for (let from = 0; from < names.length; from += 2_000) {
    await ladder.record(names.slice(from, from + 2_000).map((name, index) => attempt(name, 2 * hourMs + from + index)));
  }
  await ladder.trim();
  const { count } = await store.db
    .selectFrom('ladder_rung')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  expect(Number(count)).toBeGreaterThan(9_000);
  expect(Number(count)).toBeLessThanOrEqual(10_001);
});

test('what does not fit the buffer is recorded as a number', async () => {
  const many = Array.from({ length: 12_000 }, (_, index) => attempt('flood', 3 * hourMs + index));
  await ladder.record(many);
  expect(await events('flood')).toEqual([{ severity: 'CRITICAL', attempt_count: 10_000, policy: 'p' }]);
  const gaps = () => store.db.selectFrom('audit').select('data').where('action', '=', 'attempts.gap').execute();
  await expect.poll(gaps).toEqual([{ data: JSON.stringify({ count: 2_000 }) }]);
});
