import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testPrefix } from '@charter/queue/testing';
import { createTestKeys, describeServiceEdges, expectEveryRouteGuarded } from '@charter/service/testing';
import { createTestDatabase } from '@charter/store/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { bodyLimitBytes } from '../src/app.ts';
import { composeCharter } from '../src/service.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let keys: Awaited<ReturnType<typeof createTestKeys>>;
let stateDir: string;
const composed: Array<Awaited<ReturnType<typeof composeCharter>>> = [];

beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  keys = await createTestKeys();
  stateDir = await mkdtemp(join(tmpdir(), 'charter-state-'));
});
afterAll(async () => {
  for (const charter of composed) await charter.close();
  await keys.close();
  await database.drop();
  await rm(stateDir, { recursive: true, force: true });
});

async function compose(settings: Record<string, string> = {}) {
  const charter = await composeCharter({
    DATABASE_URL: database.url,
    REDIS_URL: inject('redisUrl'),
    CHARTER_QUEUE_PREFIX: testPrefix(),
    CHARTER_STATE_DIR: stateDir,
    LOG_LEVEL: 'silent',
    ...settings,
  });
  composed.push(charter);
  return charter.http;
}

test('every route is guarded by the role it names', async () => {
  expect(await expectEveryRouteGuarded(await compose({ CHARTER_API_KEYS: keys.file }), keys)).toBeGreaterThan(30);
});

describeServiceEdges(() => compose(), { bodyLimitBytes });
