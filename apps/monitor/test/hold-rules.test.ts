import { openTransport } from '@charter/queue';
import { testPrefix } from '@charter/queue/testing';
import { createRegistry } from '@charter/service';
import { monitorAdaptationQueue, Rule } from '@charter/shared/contracts';
import { newId, openStore } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { expect, inject, test } from 'vitest';
import { holdRecords } from '../src/adapters/hold-records.ts';
import { heldRules, holding } from '../src/domain/hold-rules.ts';
import { storedWatchFrom, watching } from '../src/domain/watch.ts';
import { migrations } from '../src/migrations.ts';
import type { MonitorTables } from '../src/tables.ts';
import { onAdaptation } from '../src/workers/on-adaptation.ts';

const rule = (name: string, rest: object) =>
  Rule.parse({
    apiVersion: 'charter/v1',
    kind: 'Rule',
    metadata: { name },
    query: 'up',
    metric: 'lag_seconds',
    threshold: 1,
    ...rest,
  });
const stored = storedWatchFrom({
  id: 'p',
  windows: [],
  rules: [
    rule('bounded', { holdUpTo: '30s' }),
    rule('not-allowed', {}),
    rule('patient', { for: '2m', holdUpTo: '30s' }),
  ],
});
const watch = watching({ current: () => stored });
const waits = (of: ReturnType<typeof watch>) =>
  [...of.rules.values()].map(({ name, forSeconds }) => [name, forSeconds]);

test('a rule waits as long as was learned, as far as the pack allows, and never shorter than it says', () => {
  const at = (seconds: number) => waits(heldRules(watch(), new Map([['lag_seconds', seconds]])));
  expect(at(12)).toEqual([
    ['bounded', 12],
    ['not-allowed', 0],
    ['patient', 120],
  ]);
  expect(at(500)).toContainEqual(['bounded', 30]);
  expect(at(0)).toContainEqual(['bounded', 0]);
  expect(heldRules(watch(), new Map())).toBe(watch());
});

test('what Knowledge says holds from then on, through a restart, until it takes it back', async () => {
  const database = await createTestDatabase(inject('postgresUrl'));
  const store = await openStore<MonitorTables>({ url: database.url, schema: 'monitor', migrations });
  const transport = openTransport({
    app: 'monitor',
    store,
    redisUrl: inject('redisUrl'),
    registry: createRegistry('monitor'),
    prefix: testPrefix(),
    onError: () => undefined,
  });
  const holds = await holdRecords(store);
  const held = holding(watch, holds.seconds);
  transport.consume(monitorAdaptationQueue, onAdaptation({ store, onKept: holds.refresh }));
  const say = (value: number, at: string) =>
    store.transaction((tx) =>
      tx.enqueue(monitorAdaptationQueue, {
        id: newId(),
        kind: 'hold',
        subject: 'lag_seconds',
        value,
        confidence: 1,
        reason: 'most go away by themselves',
        at,
      }),
    );
  expect(waits(held())).toContainEqual(['bounded', 0]);
  await say(20, '2026-01-02T00:00:00.000Z');
  await expect.poll(() => waits(held())).toContainEqual(['bounded', 20]);
  expect(held()).toBe(held());
  expect([...(await holdRecords(store)).seconds()]).toEqual([['lag_seconds', 20]]);
  await say(0, '2026-01-03T00:00:00.000Z');
  await expect.poll(() => waits(held())).toContainEqual(['bounded', 0]);
  await transport.close();
  await store.close();
  await database.drop();
});
