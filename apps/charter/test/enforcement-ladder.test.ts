import { defaultEscalation } from '@charter/policy';
import { createLog, createRegistry } from '@charter/service';
import { openStore, type Store } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type AttemptLadder, attemptLadder } from '../src/enforcement/adapters/attempt-ladder.ts';
import type { ForbiddenAttempt } from '../src/enforcement/adapters/climb-ladder.ts';
import { createCharterMetrics } from '../src/enforcement/metrics.ts';
import { migrations } from '../src/migrations.ts';
import type { CharterTables } from '../src/tables.ts';

const hourMs = 3_600_000;
const environment = 'test';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let store: Store<CharterTables>;
let ladder: AttemptLadder;
const registry = createRegistry('charter');
const ladderOn = (on: Store<CharterTables>, metrics = createCharterMetrics(createRegistry('charter'))) =>
  attemptLadder({
    store: on,
    environment,
    metrics,
    log: createLog('charter', { LOG_LEVEL: 'silent' }),
    onEscalated: () => undefined,
  });
const openCharterStore = () => openStore<CharterTables>({ url: database.url, schema: 'charter', migrations });
beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  store = await openCharterStore();
  ladder = ladderOn(store, createCharterMetrics(registry));
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

describe('a batch', () => {
  const idsOf = async (names: readonly string[]): Promise<Map<string, string>> => {
    const rows = await store.db
      .selectFrom('enforcement_event')
      .select(['id', 'metric_name'])
      .where('metric_name', 'in', names)
      .execute();
    return new Map(rows.map(({ id, metric_name }) => [id, metric_name ?? '']));
  };
  /** What the audit log says of these metrics, in its order. */
  const audited = async (...names: string[]) => {
    const ids = await idsOf(names);
    const rows = await store.db.selectFrom('audit').select(['action', 'subject', 'data']).orderBy('seq').execute();
    return rows
      .filter(({ subject }) => ids.has(subject))
      .map(({ action, subject, data }) => {
        const { severity, attempts } = JSON.parse(data) as { severity: string; attempts?: number };
        return [action, ids.get(subject), severity, ...(attempts === undefined ? [] : [attempts])];
      });
  };
  /** What monitor is told of these metrics, in the order it was promised. */
  const signaled = async (...names: string[]) => {
    const { rows } = await sql<{ payload: string }>`
      select payload::text from transport.outbox where queue = 'signals' order by id`.execute(store.db);
    return rows
      .map(({ payload }) => (JSON.parse(payload) as { data: Record<string, unknown> }).data)
      .filter(({ metric }) => names.includes(String(metric)))
      .map(({ metric, severity, value, threshold }) => [metric, severity, value, threshold]);
  };
  const counted = async (metric_name: string, status: string): Promise<number> => {
    const text = await registry.metrics();
    const series = new RegExp(`metric_name="${metric_name}",node_or_service="node",status="${status}"\\} (\\d+)`);
    return Number(series.exec(text)?.[1] ?? 0);
  };

  test('that crosses several steps makes one event of its end, and counts each step', async () => {
    await ladder.record([0, 1, 2, 3, 4, 5, 6].map((at) => attempt('rush', at)));
    expect(await events('rush')).toEqual([{ severity: 'CRITICAL', attempt_count: 7, policy: 'p' }]);
    expect(await audited('rush')).toEqual([
      ['violation.recorded', 'rush', 'CRITICAL', 7],
      ['investigation.opened', 'rush', 'CRITICAL'],
    ]);
    expect(await signaled('rush')).toEqual([['rush', 'critical', 7, 5]]);
    expect(await counted('rush', 'blocked')).toBe(7);
    expect(await counted('rush', 'reported')).toBe(1);
    expect(await counted('rush', 'escalated')).toBe(1);
  });

  test('may open, raise and grow events of many metrics, each in its turn', async () => {
    await ladder.record([0, 1, 2].map((at) => attempt('raises', at)));
    await ladder.record([0, 1, 2, 3, 4].map((at) => attempt('grows', at)));
    await ladder.record([
      attempt('opens', 0),
      attempt('grows', 5),
      attempt('opens', 1),
      attempt('raises', 3),
      attempt('below', 4),
      attempt('raises', 4),
      attempt('opens', 2),
      attempt('below', 5),
    ]);
    expect(await events('opens')).toEqual([{ severity: 'HIGH', attempt_count: 3, policy: 'p' }]);
    expect(await events('raises')).toEqual([{ severity: 'CRITICAL', attempt_count: 5, policy: 'p' }]);
    expect(await events('grows')).toEqual([{ severity: 'CRITICAL', attempt_count: 6, policy: 'p' }]);
    expect(await events('below')).toEqual([]);
    expect(await audited('opens', 'raises', 'grows', 'below')).toEqual([
      ['violation.recorded', 'raises', 'HIGH', 3],
      ['violation.recorded', 'grows', 'CRITICAL', 5],
      ['investigation.opened', 'grows', 'CRITICAL'],
      ['violation.raised', 'raises', 'CRITICAL', 5],
      ['investigation.opened', 'raises', 'CRITICAL'],
      ['violation.recorded', 'opens', 'HIGH', 3],
    ]);
    expect(await signaled('opens', 'raises', 'grows', 'below')).toEqual([
      ['raises', 'warning', 3, 3],
      ['grows', 'critical', 5, 5],
      ['raises', 'critical', 5, 5],
      ['opens', 'warning', 3, 3],
    ]);
  });

  test('is told to monitor again when its event grows after a while, or had ended', async () => {
    const names = ['steady', 'while', 'ended'];
    await ladder.record(names.flatMap((name) => [0, 1, 2].map((at) => attempt(name, at))));
    const age = (set: object, name: string) =>
      store.db.updateTable('enforcement_event').set(set).where('metric_name', '=', name).execute();
    await age({ signaled_at: new Date(Date.now() - 60_000) }, 'while');
    await age({ is_firing: false }, 'ended');
    await ladder.record(names.map((name) => attempt(name, 3)));
    expect(await signaled(...names)).toEqual([
      ['steady', 'warning', 3, 3],
      ['while', 'warning', 3, 3],
      ['ended', 'warning', 3, 3],
      ['while', 'warning', 4, 3],
      ['ended', 'warning', 4, 3],
    ]);
  });

  test('and another at once, of two replicas, make one event with the attempts of both', async () => {
    const otherStore = await openCharterStore();
    const other = ladderOn(otherStore);
    const rush = (from: number) => Array.from({ length: 50 }, (_, index) => attempt('both', from + index));
    await Promise.all([ladder.record(rush(0)), other.record(rush(0)), ladder.record(rush(50)), other.record(rush(50))]);
    await other.close();
    await otherStore.close();
    expect(await events('both')).toEqual([{ severity: 'CRITICAL', attempt_count: 200, policy: 'p' }]);
    expect((await audited('both')).map(([action]) => action)).toEqual(['violation.recorded', 'investigation.opened']);
  });
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
