import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startSupervisor } from '@charter/example-leaky-server';
import { callService } from '@charter/launcher';
import { freePort } from '@charter/stack';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { healMs, type RunningLoop, startLoop } from './running-loop.ts';

const pack = new URL('../../examples/leaky-server/pack.yaml', import.meta.url);

let loop: RunningLoop;
let supervisor: Awaited<ReturnType<typeof startSupervisor>>;
let serverPort: number;

beforeAll(async () => {
  loop = await startLoop();
  serverPort = await freePort();
  supervisor = await startSupervisor({ port: await freePort(), serverPort, environment: process.env });
  const targets = join(loop.installation.stack.stateDir, 'config', 'targets');
  await mkdir(targets, { recursive: true });
  const scrape = [{ targets: [`127.0.0.1:${String(serverPort)}`], labels: { job: 'leaky-server' } }];
  await writeFile(join(targets, 'leaky.yml'), JSON.stringify(scrape));
  const source = (await readFile(pack, 'utf8')).replaceAll('http://127.0.0.1:8021', supervisor.url);
  const packs = `${loop.installation.url('charter')}/api/v1/packs`;
  const body = { name: 'leaky', environment: 'demo', source };
  const { id } = await callService<{ id: string }>(packs, { method: 'POST', body });
  await callService(`${packs}/${id}/activate`, { method: 'POST', body: {} });
}, 240_000);

afterAll(async () => {
  await supervisor.close();
  await loop.stop();
}, 60_000);

/** When the operating system started the process, in clock ticks since boot: another process has another one. */
async function startOf(pid: number): Promise<string | undefined> {
  return (await readFile(`/proc/${String(pid)}/stat`, 'utf8')).split(') ')[1]?.split(' ')[19];
}

const status = () => callService<{ pid: number; starts: number }>(`${supervisor.url}/status`);

test('a real process that leaks is restarted once, by the count of the operating system', async () => {
  const before = await status();
  const startedBefore = await startOf(before.pid);
  const rule = `${loop.installation.url('monitor')}/api/v1/signals?limit=100`;
  const seen = async () => JSON.stringify(await callService(rule).catch(() => null));
  await expect.poll(seen, { timeout: healMs }).toContain('leaky-server');
  await callService(`http://127.0.0.1:${String(serverPort)}/leak`, { method: 'POST' });
  const types = async () => (await loop.outcomes()).filter(({ executed }) => executed).map(({ type }) => type);
  await expect.poll(types, { timeout: healMs, interval: 250 }).toEqual(['success']);
  const after = await status();
  expect(after.starts).toBe(before.starts + 1);
  expect(after.pid).not.toBe(before.pid);
  expect(await startOf(after.pid)).not.toBe(startedBefore);
  const { items } = await callService<{ items: unknown[] }>(`${supervisor.url}/api/v1/effects`);
  expect(items).toHaveLength(1);
}, 240_000);
