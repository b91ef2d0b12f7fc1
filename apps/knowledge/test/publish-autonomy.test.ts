import { createServer } from 'node:http';
import { unproven } from '@charter/learning';
import { type LoopbackServer, listenOnLoopback } from '@charter/stack/testing';
import { openStore, type Store } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { saveAutonomy } from '../src/adapters/autonomy-log.ts';
import { charterAutomation } from '../src/adapters/charter-automation.ts';
import { type KnowledgeTables, migrations } from '../src/migrations.ts';
import { publishAutonomy } from '../src/workers/publish-autonomy.ts';

interface Grant {
  policy: string | null;
  action: string | null;
  targetClass: string | null;
  mode: string;
  maximum: string;
}

/** What is left out means all. */
type Put = Pick<Grant, 'mode' | 'maximum'> & Partial<Grant> & { reason: string };

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let store: Store<KnowledgeTables>;
let listening: LoopbackServer;
let grants: Grant[] = [];
let status = 200;

/** Answers as the charter does: a list of grants, changed by key. */
const charter = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    if (request.method === 'PUT') {
      const { reason: _reason, ...put } = JSON.parse(Buffer.concat(parts).toString()) as Put;
      const wish = { policy: null, action: null, targetClass: null, ...put };
      const isSame = (grant: Grant) =>
        grant.policy === wish.policy && grant.action === wish.action && grant.targetClass === wish.targetClass;
      grants = [...grants.filter((grant) => !isSame(grant)), wish];
    }
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ global: null, items: grants }));
  });
});

beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  store = await openStore<KnowledgeTables>({ url: database.url, schema: 'knowledge', migrations });
  listening = await listenOnLoopback(charter);
});
afterAll(async () => {
  await listening.close();
  await store.close();
  await database.drop();
});

const publish = () => publishAutonomy(store, charterAutomation(listening.url, undefined));
const earn = (mode: 'approve' | 'auto') =>
  saveAutonomy(store, { policy: '*', action: 'SCALE_UP', targetClass: 'service' }, undefined, {
    ...unproven,
    mode,
    reason: 'shown',
  });

test('what was earned reaches the charter where a person opened the way, and respects what a person then sets', async () => {
  expect(await publish()).toBe(0);
  await earn('auto');
  expect(await publish()).toBe(0);
  grants = [{ policy: null, action: 'SCALE_UP', targetClass: null, mode: 'observe', maximum: 'auto' }];
  expect(await publish()).toBe(1);
  expect(grants).toContainEqual({
    policy: null,
    action: 'SCALE_UP',
    targetClass: 'service',
    mode: 'auto',
    maximum: 'auto',
  });
  expect(await publish()).toBe(0);
  grants = grants.map((grant) => ({ ...grant, mode: 'approve' }));
  expect(await publish()).toBe(0);
});

test('a charter that does not answer well is tried again later', async () => {
  status = 503;
  await expect(publish()).rejects.toMatchObject({ code: 'upstream-unavailable' });
  status = 200;
  await expect(publish()).resolves.toBe(0);
});
