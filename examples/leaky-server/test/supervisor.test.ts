import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProcessView } from '../src/child-process.ts';
import { type Supervisor, startSupervisor } from '../src/supervisor.ts';

interface State {
  components: { 'leaky-server': { healthy: boolean; starts: number } };
}

/** Start time in clock ticks since boot: field 22 of /proc/<pid>/stat, which the operating system wrote. */
async function startTicksOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the leaky server under its supervisor', () => {
  let supervisor: Supervisor;
  beforeEach(async () => {
    const environment = { ...process.env, LEAK_MEBIBYTES_PER_SECOND: '200', LEAK_LIMIT_MEBIBYTES: '80' };
    supervisor = await startSupervisor({ port: 0, serverPort: 0, environment });
  });
  afterEach(() => supervisor.close());

  async function get<Body>(path: string): Promise<Body> {
    const body: Body = JSON.parse(await (await fetch(supervisor.url + path)).text());
    return body;
  }
  const status = () => get<ProcessView>('/status');
  const state = async () => (await get<State>('/api/v1/state')).components['leaky-server'];
  const effects = async () => (await get<{ items: unknown[] }>('/api/v1/effects')).items;
  const restart = (key: string, token: string, body = '{}') =>
    fetch(`${supervisor.url}/restart`, {
      method: 'POST',
      body,
      headers: { 'idempotency-key': key, 'fencing-token': token },
    });
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${supervisor.serverUrl}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  };

  test('leaks on demand until a restart, which the operating system counts as one new process', async () => {
    const before = await status();
    const ticks = await startTicksOf(before.pid);
    const residentBefore = await metric('process_resident_memory_bytes');
    await fetch(`${supervisor.serverUrl}/leak`, { method: 'POST' });
    await expect.poll(() => metric('process_resident_memory_bytes')).toBeGreaterThan(residentBefore + 50 * 1024 * 1024);
    const answer = await restart('a', '1');
    expect(await answer.json()).toMatchObject({ action: 'RESTART_SERVICE', previous: before, current: { starts: 2 } });
    const after = await status();
    expect(isAlive(before.pid)).toBe(false);
    expect(isAlive(after.pid)).toBe(true);
    expect(await startTicksOf(after.pid)).toBeGreaterThan(ticks);
    expect(await metric('leaky_kept_bytes')).toBe(0);
    expect(await metric('process_start_time_seconds')).toBeGreaterThan(Date.parse(before.startedAt) / 1000);
  });

  test('hangs on demand, is then unhealthy, and answers again on the same port after a restart', async () => {
    await fetch(`${supervisor.serverUrl}/hang`, { method: 'POST' });
    await expect.poll(async () => (await state()).healthy).toBe(false);
    expect((await restart('a', '1')).status).toBe(200);
    expect(await state()).toMatchObject({ healthy: true, starts: 2 });
    expect((await fetch(`${supervisor.serverUrl}/work`)).status).toBe(200);
    expect(await metric('leaky_request_duration_seconds_count')).toBe(1);
  });

  test('restarts once for the same key, repeated at once and later', async () => {
    const [first, second] = await Promise.all([restart('a', '7'), restart('a', '7')]);
    const later = await restart('a', '7');
    const answer = await first.json();
    expect(await second.json()).toEqual(answer);
    expect(await later.json()).toEqual(answer);
    expect((await status()).starts).toBe(2);
    expect(await effects()).toEqual([
      expect.objectContaining({ idempotencyKey: 'a', fencingToken: 7, action: 'RESTART_SERVICE', parameters: {} }),
    ]);
  });

  test('refuses an older fencing token, missing headers and parameters, and restarts nothing', async () => {
    await restart('a', '7');
    const answers = [
      await restart('b', '6'),
      await restart('', '7'),
      await restart('c', 'x'),
      await restart('d', '8', '{"force":true}'),
      await fetch(`${supervisor.url}/no-such-route`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([409, 400, 400, 400, 404]);
    for (const answer of answers) expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect((await status()).starts).toBe(2);
  });

  test('is started again when the process dies by itself', async () => {
    const { pid } = await status();
    process.kill(pid, 'SIGKILL');
    await expect.poll(async () => (await status()).starts, { timeout: 5000 }).toBe(2);
    await expect.poll(async () => (await state()).healthy).toBe(true);
    expect(await effects()).toEqual([]);
  });
});
