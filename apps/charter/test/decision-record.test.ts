import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, createRegistry } from '@charter/service';
import { newId, openStore, type Store } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { auditLog } from '../src/adapters/audit-log.ts';
import { decisionRecord, type RecordedDecision } from '../src/adapters/decision-record.ts';
import { createMetrics } from '../src/metrics.ts';
import { migrations } from '../src/migrations.ts';
import type { CharterTables } from '../src/tables.ts';
import { summarizeDecisions } from '../src/workers/summarize-decisions.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let store: Store<CharterTables>;
beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  store = await openStore<CharterTables>({ url: database.url, schema: 'charter', migrations });
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

const log = createLog('charter', { LOG_LEVEL: 'silent' });
const metrics = createMetrics(createRegistry('charter'));

function exporting(at: Date): RecordedDecision {
  const id = newId();
  return {
    id,
    request: { action: 'export', metric: 'billing_total' },
    decision: {
      effect: 'allow',
      reasons: [],
      obligations: {},
      automation: 'observe',
      policyVersion: 'v',
      decisionId: id,
      decidedAt: at.toISOString(),
    },
    policy: 'billing',
    rule: 'export',
    facts: {
      now: at.getTime(),
      windows: [],
      freeze: null,
      override: null,
      limit: null,
      automation: { mode: 'observe', policy: null, granted: null, global: 'observe' },
    },
  };
}
const audited = async (action: string) => {
  const rows = await store.db.selectFrom('audit').selectAll().where('action', '=', action).orderBy('seq').execute();
  return rows.map(({ subject, data }) => ({ subject, data: JSON.parse(data) as Record<string, unknown> }));
};

test('what does not fit the buffer is counted in the audit log, the rest is on disk', async () => {
  const decisions = await decisionRecord({ store, capacity: 3, metrics, log });
  const made = Array.from({ length: 8 }, () => exporting(new Date()));
  await Promise.all(made.map((one) => decisions.record(one)));
  await decisions.close();
  const kept = await store.db.selectFrom('decision').select('id').execute();
  expect(kept.map(({ id }) => id).sort()).toEqual(made.slice(0, 3).map(({ id }) => id));
  expect(await audited('decision.gap')).toMatchObject([{ data: { count: 5 } }]);
});

test('a replica that ended with a full buffer is named once; one that closed is not', async () => {
  const { count } = await store.db
    .updateTable('decision_stream')
    .set({ beat_at: sql<Date>`now() - interval '1 hour'` })
    .executeTakeFirstOrThrow()
    .then(({ numUpdatedRows }) => ({ count: Number(numUpdatedRows) }));
  expect(count).toBe(1);
  const dead = newId();
  await store.db
    .insertInto('decision_stream')
    .values({ id: dead, beat_at: sql<Date>`now() - interval '1 hour'`, closed_at: null })
    .execute();
  const summarize = summarizeDecisions({ store, retentionDays: 30 });
  await summarize();
  await summarize();
  expect((await audited('decision.gap')).filter(({ data }) => data.count === null)).toMatchObject([{ subject: dead }]);
});

test('allowed decisions are audited as counts a minute, each minute once', async () => {
  const decisions = await decisionRecord({ store, capacity: 100, metrics, log });
  const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 300_000);
  for (let index = 0; index < 4; index += 1)
    await decisions.record(exporting(new Date(minute.getTime() + index * 1_000)));
  await decisions.close();
  const summarize = summarizeDecisions({ store, retentionDays: 30 });
  await summarize();
  await summarize();
  expect(await audited('decision.allowed')).toEqual([
    {
      subject: minute.toISOString(),
      data: { allowed: [{ action: 'export', count: 4, policy: 'billing', rule: 'export' }] },
    },
  ]);
});

test('denials beyond one transaction are all on disk, and in one chain in the order they came', async () => {
  const decisions = await decisionRecord({ store, capacity: 5_000, metrics, log });
  const made = Array.from({ length: 1_450 }, (_, index): RecordedDecision => {
    const { decision, ...rest } = exporting(new Date());
    const policy = index % 2 === 0 ? 'billing' : null;
    return { ...rest, policy, decision: { ...decision, effect: index % 10 === 0 ? 'allow' : 'deny' } };
  });
  await Promise.all(made.map((one) => decisions.record(one)));
  await decisions.close();
  const rows = await store.db
    .selectFrom('decision')
    .select(['id', 'at', 'effect', 'target', 'policy', 'body'])
    .where(
      'id',
      'in',
      made.map(({ id }) => id),
    )
    .orderBy('id')
    .execute();
  expect(rows).toEqual(
    made.map((one) => ({
      id: one.id,
      at: new Date(one.decision.decidedAt),
      effect: one.decision.effect,
      target: null,
      policy: one.policy,
      body: JSON.stringify(one),
    })),
  );
  const denied = made.filter(({ decision }) => decision.effect === 'deny');
  expect(await audited('decision.denied')).toEqual(
    denied.map(({ id, policy }) => ({
      subject: id,
      data: {
        action: 'export',
        incidentId: null,
        metric: 'billing_total',
        policy,
        policyVersion: 'v',
        rule: 'export',
        target: null,
      },
    })),
  );
  const key = generateKeyPairSync('ed25519').privateKey;
  const { valid, records } = await auditLog(store, key, join(tmpdir(), newId())).verify();
  expect({ valid, records: records >= denied.length }).toEqual({ valid: true, records: true });
});
