import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { freePort, type Server, startPostgres } from '../src/index.ts';
import { processIdentity } from '../src/process-identity.ts';
import { temporaryFolder } from './temporary-folder.ts';

// Each test creates a cluster and starts servers, which takes long where processors are few and busy.
vi.setConfig({ testTimeout: 60_000 });

async function start(stateDir: string, report: (line: string) => void = () => undefined): Promise<Server> {
  const server = await startPostgres({ stateDir, port: await freePort(), report });
  onTestFinished(() => server.stop());
  return server;
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

test('data and password outlive a stop, and what was committed outlives a crash', async () => {
  const stateDir = temporaryFolder();
  const first = await start(stateDir);
  await query(first.url, 'create table kept as select 1 as n');
  await first.stop();

  const second = await start(stateDir);
  await query(second.url, 'insert into kept values (2)');
  second.kill('SIGKILL');
  await expect.poll(() => second.status(), { timeout: 15_000 }).toMatchObject({ state: 'ready', restarts: 1 });
  expect(await query(second.url, 'select n from kept order by n')).toEqual([1, 2]);
});

test('nobody comes in without the password, which only its owner can read, and writes are synced to disk', async () => {
  const stateDir = temporaryFolder();
  const { url } = await start(stateDir);
  const wrong = new URL(url);
  wrong.password = 'guess';
  await expect(query(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/);
  expect(statSync(join(stateDir, 'postgres', 'password')).mode & 0o777).toBe(0o600);

  const settings = ['fsync', 'synchronous_commit', 'full_page_writes', 'server_encoding', 'listen_addresses'];
  const shown = await Promise.all(settings.map((setting) => query(url, `show ${setting}`)));
  expect(shown.flat()).toEqual(['on', 'on', 'on', 'UTF8', '127.0.0.1']);
});

test('it works below a folder that only its owner may enter, and says where it went when it had to move', async () => {
  const stateDir = temporaryFolder(0o700);
  const lines: string[] = [];
  const first = await start(stateDir, (line) => lines.push(line));
  const memo = join(stateDir, 'postgres', 'moved-to');
  const movedTo = existsSync(memo) ? readFileSync(memo, 'utf8').trim() : undefined;
  onTestFinished(() => {
    if (movedTo !== undefined) rmSync(movedTo, { recursive: true, force: true });
  });
  expect(movedTo !== undefined).toBe(process.getuid?.() === 0);
  if (movedTo !== undefined) expect(lines.join('\n')).toContain(movedTo);
  await query(first.url, 'create table kept as select 7 as n');
  await first.stop();
  const second = await start(stateDir);
  expect(await query(second.url, 'select n from kept')).toEqual([7]);
});

test('a stop ends the server at once although clients are connected', async () => {
  const server = await start(temporaryFolder());
  const client = new Client({ connectionString: server.url });
  const closed = new Promise<void>((resolve) => client.on('error', () => resolve()));
  await client.connect();
  await client.query('begin');
  const { pid } = server.status();
  await server.stop();
  await closed;
  expect(pid && processIdentity(pid)).toBeUndefined();
});
