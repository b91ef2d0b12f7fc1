import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { testPrefix } from '@charter/queue/testing';
import { createTestDatabase } from '@charter/store/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let stateDir: string;
let process_: ChildProcess | undefined;
const prefix = testPrefix();

beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  stateDir = await mkdtemp(join(tmpdir(), 'charter-state-'));
});
afterAll(async () => {
  process_?.kill('SIGKILL');
  await database.drop();
  await rm(stateDir, { recursive: true, force: true });
});

/** A charter in a process of its own, so that it can be killed like one. */
async function launch(): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'src', 'main.ts')], {
    env: {
      DATABASE_URL: database.url,
      REDIS_URL: inject('redisUrl'),
      CHARTER_QUEUE_PREFIX: prefix,
      CHARTER_STATE_DIR: stateDir,
      PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process_ = child;
  for await (const line of createInterface({ input: child.stdout ?? expect.unreachable() })) {
    const { msg, url } = JSON.parse(line) as { msg: string; url?: string };
    if (msg === 'listening' && url !== undefined) return { url, child };
  }
  return expect.unreachable('the charter ended before it listened');
}

const policy = (version: number) => ({
  apiVersion: 'charter/v1',
  kind: 'Policy',
  metadata: { name: 'killed', version: String(version) },
  rules: [{ id: 'r', effect: 'deny', match: { actions: ['export'] } }],
});

async function post(url: string, path: string, body: object): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/api/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  await response.text();
  return response.status;
}

test('a charter killed while it writes leaves one active version and a whole audit chain', {
  timeout: 120_000,
}, async () => {
  const killed = await launch();
  let version = 0;
  let answered = 0;
  const writers = Array.from({ length: 4 }, async () => {
    for (;;) {
      version += 1;
      await post(killed.url, 'policies/apply', { policy: policy(version) });
      await post(killed.url, 'decisions', { action: 'SCALE_UP', target: 'x', subject: 'plan' });
      answered += 2;
    }
  });
  const ended = Promise.allSettled(writers);
  await expect.poll(() => answered, { interval: 5 }).toBeGreaterThan(30);
  killed.child.kill('SIGKILL');
  await once(killed.child, 'exit');
  await ended;
  const { url, child } = await launch();
  expect(await auditOf(url)).toMatchObject({ valid: true, firstBroken: null });
  const policies = (await (await fetch(`${url}/api/v1/policies`)).json()) as Array<{ status: string }>;
  expect(policies.filter(({ status }) => status === 'active')).toHaveLength(1);
  expect(await post(url, 'policies/apply', { policy: policy(version + 1) })).toBe(201);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

async function auditOf(url: string): Promise<{ valid: boolean; records: number; firstBroken: object | null }> {
  const response = await fetch(`${url}/api/v1/audit/verify`);
  return (await response.json()) as Awaited<ReturnType<typeof auditOf>>;
}
