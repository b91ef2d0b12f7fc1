import { openTransport } from '@charter/queue';
import { testPrefix } from '@charter/queue/testing';
import { createRegistry } from '@charter/service';
import { type Adaptation, monitorAdaptationQueue } from '@charter/shared/contracts';
import { openStore } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { expect, inject, test } from 'vitest';
import { holdFrom } from '../src/domain/hold-from.ts';
import { type KnowledgeTables, migrations } from '../src/migrations.ts';
import { learnFrom } from '../src/workers/learn-from.ts';
import { publishHolds } from '../src/workers/publish-holds.ts';
import { aboutMetric, leftAlone } from './fixtures.ts';

const cases = (recovered: number, stayed: number) => [
  ...Array.from({ length: recovered }, (_, index) => ({ recovered: true, seconds: 5 + index })),
  ...Array.from({ length: stayed }, () => ({ recovered: false, seconds: 600 })),
];

test('violations may wait for as long as four in five of those need that go away by themselves', () => {
  expect(holdFrom('lag', cases(20, 2), 0)).toMatchObject({
    seconds: 20,
    reason: expect.stringMatching(/may wait 20 s.*91 %/),
  });
  expect(holdFrom('lag', cases(20, 2), 18)).toBeNull();
  expect(holdFrom('lag', cases(10, 0), 0)).toBeNull();
  expect(holdFrom('lag', cases(15, 15), 0)).toBeNull();
});

test('waiting is taken back when they no longer do', () => {
  expect(holdFrom('lag', cases(15, 14), 20)).toBeNull();
  expect(holdFrom('lag', cases(10, 20), 20)).toMatchObject({
    seconds: 0,
    reason: expect.stringContaining('no longer wait'),
  });
});

test('monitor is told once, and the incident it was learned from tells it', async () => {
  const database = await createTestDatabase(inject('postgresUrl'));
  const store = await openStore<KnowledgeTables>({ url: database.url, schema: 'knowledge', migrations });
  const transport = openTransport({
    app: 'knowledge',
    store,
    redisUrl: inject('redisUrl'),
    registry: createRegistry('knowledge'),
    prefix: testPrefix(),
    onError: () => undefined,
  });
  const heard: Adaptation[] = [];
  transport.consume(monitorAdaptationQueue, (message) =>
    store.consume(message, async () => void heard.push(message.data)),
  );
  const settings = {
    halfLifeDays: 90,
    relapseFactor: 10,
    relapseSeconds: 0,
    adaptTrials: 1_000,
    adaptChange: 1,
    adaptStep: 1,
  };
  await store.transaction(async (tx) => {
    for (let index = 0; index < 25; index++) {
      const outcome = leftAlone({ ...aboutMetric('lag'), at: new Date(Date.now() + 30_000).toISOString() });
      await learnFrom(tx, outcome, { kind: 'import', name: 'test', reason: '' }, settings);
    }
  });
  expect(await publishHolds(store)).toBe(1);
  expect(await publishHolds(store)).toBe(0);
  await expect.poll(() => heard).toMatchObject([{ kind: 'hold', subject: 'lag' }]);
  expect(heard[0]?.value).toBeGreaterThan(25);
  expect(heard[0]?.value).toBeLessThan(35);
  await transport.close();
  await store.close();
  await database.drop();
});
