import { spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { freePort, StackError, type StackOptions, serverNames, stackPorts, startStack } from '../src/index.ts';
import { isPortFree } from '../src/ports.ts';
import { processIdentity } from '../src/process-identity.ts';
import { temporaryFolder } from './temporary-folder.ts';

// Each test creates a cluster and starts servers, which takes long where processors are few and busy.
vi.setConfig({ testTimeout: 60_000 });

const nobody = 65_534;
const fixture = join(import.meta.dirname, 'fixtures', 'run-stack.ts');

async function freePortBase(): Promise<number> {
  for (;;) {
    const portBase = (await freePort()) - 4_000;
    const free = await Promise.all(Object.values(stackPorts(portBase)).map(isPortFree));
    if (free.every(Boolean)) return portBase;
  }
}

/** Servers of this test run, so that a test of the others need not start these. */
const external = { redis: inject('redisUrl'), postgres: inject('postgresUrl') };

async function stackOptions(lines: string[] = []): Promise<StackOptions> {
  const stateDir = temporaryFolder();
  const prometheusConfig = join(stateDir, 'prometheus.yml');
  const alertmanagerConfig = join(stateDir, 'alertmanager.yml');
  writeFileSync(prometheusConfig, 'global: {scrape_interval: 1s}\n');
  writeFileSync(alertmanagerConfig, 'route: {receiver: none}\nreceivers: [{name: none}]\n');
  return {
    stateDir,
    portBase: await freePortBase(),
    report: (line) => lines.push(line),
    prometheusConfig,
    alertmanagerConfig,
  };
}

test('four servers answer on shifted ports, a second start is refused, and a stop leaves nothing behind', async () => {
  const options = await stackOptions();
  const stack = await startStack(options);
  onTestFinished(() => stack.stop());
  const ports = stackPorts(options.portBase);
  expect(stack.urls.redis).toBe(`redis://127.0.0.1:${String(ports.redis)}`);
  expect(stack.parts().map(({ name, state }) => `${name} ${state}`)).toEqual(
    serverNames.map((name) => `${name} ready`),
  );
  expect((await fetch(`${stack.urls.prometheus}/api/v1/query?query=vector(1)`)).status).toBe(200);
  expect((await fetch(`${stack.urls.prometheus}/-/reload`, { method: 'POST' })).status).toBe(200);
  expect((await fetch(`${stack.urls.alertmanager}/api/v2/status`)).status).toBe(200);
  expect(spawnSync(stack.binaries.promtool, ['check', 'config', options.prometheusConfig]).status).toBe(0);
  expect(spawnSync(stack.binaries.amtool, ['check-config', options.alertmanagerConfig]).status).toBe(0);

  await expect(startStack({ ...options, portBase: await freePortBase() })).rejects.toThrow(
    `Charter already runs on ${options.stateDir} (pid ${String(process.pid)})`,
  );

  const pids = stack.parts().map(({ pid }) => pid ?? 0);
  await stack.stop();
  expect(pids.map(processIdentity)).toEqual([undefined, undefined, undefined, undefined]);
  expect(await Promise.all(Object.values(ports).map(isPortFree))).toEqual([true, true, true, true]);
  expect(readdirSync(join(options.stateDir, 'run'))).toEqual([]);
  const again = await startStack(options);
  await again.stop();
});

test('a taken port is one line that names the port and the setting, and nothing is left running', async () => {
  const options = { ...(await stackOptions()), external };
  const { prometheus } = stackPorts(options.portBase);
  const squatter = createServer().listen(prometheus, '127.0.0.1');
  onTestFinished(() => void squatter.close());
  await expect(startStack(options)).rejects.toThrow(
    `Port ${String(prometheus)} for prometheus is taken: stop what listens there, or shift all ports with CHARTER_PORT_BASE=<number>`,
  );
  squatter.close();
  const stack = await startStack(options);
  await stack.stop();
});

test('a server that refuses its configuration is named with its reason, and the others are stopped', async () => {
  const options = { ...(await stackOptions()), external };
  writeFileSync(options.alertmanagerConfig, 'route: {receiver: nowhere}\n');
  const start = startStack(options);
  await expect(start).rejects.toThrow(StackError);
  await expect(start).rejects.toThrow(/alertmanager did not start .*undefined receiver/);
  expect(await Promise.all(Object.values(stackPorts(options.portBase)).map(isPortFree))).toEqual([
    true,
    true,
    true,
    true,
  ]);
});

test('each server that crashes is reported and runs again', async () => {
  const lines: string[] = [];
  const stack = await startStack(await stackOptions(lines));
  onTestFinished(() => stack.stop());
  for (const name of serverNames) stack.kill(name, 'SIGKILL');
  await expect
    .poll(() => stack.parts().map(({ state, restarts }) => ({ state, restarts })), { timeout: 15_000 })
    .toEqual(serverNames.map(() => ({ state: 'ready', restarts: 1 })));
  for (const name of serverNames)
    expect(lines.join('\n')).toMatch(new RegExp(`${name} ended by itself \\(signal SIGKILL\\)`));
});

test('external servers are used and not started; one that does not answer is named with its flag', async () => {
  const options = await stackOptions();
  const stack = await startStack({ ...options, external });
  onTestFinished(() => stack.stop());
  expect(stack.urls).toMatchObject(external);
  expect(stack.parts().map(({ name }) => name)).toEqual(['prometheus', 'alertmanager']);
  expect(() => stack.kill('redis', 'SIGKILL')).toThrow('redis is external');
  await stack.stop();
  await expect(startStack({ ...options, external: { redis: 'redis://127.0.0.1:1' } })).rejects.toThrow(
    /Cannot reach the server of --external-redis: .*ECONNREFUSED/,
  );
});

test('servers orphaned by a launcher that was killed are stopped by the next start', async () => {
  const options = await stackOptions();
  const folder = join(options.stateDir, 'state');
  mkdirSync(folder);
  const asNobody = process.getuid?.() === 0 && canExecute(nobody);
  if (asNobody) chownSync(folder, nobody, nobody);
  const launcher = spawn(
    process.execPath,
    [fixture, folder, String(options.portBase), options.prometheusConfig, options.alertmanagerConfig],
    { stdio: ['ignore', 'pipe', 'inherit'], ...(asNobody && { uid: nobody, gid: nobody }) },
  );
  onTestFinished(() => void launcher.kill('SIGKILL'));
  const seen: string[] = [];
  for await (const line of createInterface(launcher.stdout)) {
    seen.push(line);
    if (line.startsWith('started')) break;
  }
  const orphans = (seen.at(-1) ?? '').split(' ').slice(1).map(Number);
  expect(orphans).toHaveLength(4);
  if (asNobody) expect(seen).toContain(`uid ${String(nobody)}`);
  launcher.kill('SIGKILL');
  await expect.poll(() => processIdentity(launcher.pid ?? 0)).toBeUndefined();
  expect(orphans.map(processIdentity)).not.toContain(undefined);

  const lines: string[] = [];
  const stack = await startStack({ ...options, stateDir: folder, report: (line) => lines.push(line) });
  onTestFinished(() => stack.stop());
  expect(orphans.map(processIdentity)).toEqual([undefined, undefined, undefined, undefined]);
  expect(lines.filter((line) => line.includes('left running by a start that was killed'))).toHaveLength(4);
});

/** Whether this user can reach the Node that runs the tests; below a home of mode 0700 it cannot. */
function canExecute(uid: number): boolean {
  return spawnSync(process.execPath, ['--version'], { uid, gid: uid, cwd: '/' }).status === 0;
}
