import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { isPortFree } from '../src/ports.ts';
import { processIdentity } from '../src/process-identity.ts';
import { sweepAbandonedFolders } from '../src/testing/abandoned-folders.ts';
import { startTestAlertmanager, startTestPrometheus, startTestRedis } from '../src/testing/index.ts';

const receiver = (name: string): string => `route: {receiver: ${name}}\nreceivers: [{name: ${name}}]\n`;

test('a test server is gone with its data when the test is done with it', async () => {
  let folder = '';
  let port = 0;
  {
    await using redis = await startTestRedis();
    folder = dirname(dirname(redis.logFile));
    port = Number(new URL(redis.url).port);
    expect(await isPortFree(port)).toBe(false);
  }
  expect(await isPortFree(port)).toBe(true);
  expect(existsSync(folder)).toBe(false);
});

test('Prometheus and Alertmanager take a configuration and replace it while they run', async () => {
  await using alertmanager = await startTestAlertmanager(receiver('first'));
  const original = async (): Promise<string> => (await fetch(`${alertmanager.url}/api/v2/status`)).text();
  expect(await original()).toContain('first');
  await alertmanager.reload(receiver('second'));
  expect(await original()).toContain('second');

  await using prometheus = await startTestPrometheus('global: {scrape_interval: 1s}\n');
  await expect(prometheus.reload('global: {scrape_interval: never}\n')).rejects.toThrow(/reload answers 500/);
  await prometheus.reload('global: {scrape_interval: 3s}\n');
  expect(await (await fetch(`${prometheus.url}/api/v1/status/config`)).text()).toContain('scrape_interval: 3s');
});

test('what a killed test run left behind is stopped and deleted by the next one', async () => {
  const killed = spawn(
    process.execPath,
    [
      '--input-type=module-typescript',
      '-e',
      `import { startTestRedis } from '${new URL('../src/testing/index.ts', import.meta.url).href}';
       const redis = await startTestRedis(); console.log(redis.status().pid, redis.logFile); setInterval(() => {}, 1000);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void killed.kill('SIGKILL'));
  const line = String((await once(createInterface(killed.stdout), 'line'))[0]);
  const [, pid, logFile] = /^(\d+) (.*)$/.exec(line) ?? [];
  killed.kill('SIGKILL');
  await once(killed, 'close');
  expect(processIdentity(Number(pid))).toBeDefined();

  await sweepAbandonedFolders();
  expect(processIdentity(Number(pid))).toBeUndefined();
  expect(existsSync(logFile ?? '')).toBe(false);
});
