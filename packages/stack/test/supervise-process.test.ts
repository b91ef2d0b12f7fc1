import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type ProcessSpec, StackError, type SupervisedProcess, superviseProcess } from '../src/index.ts';
import { processIdentity } from '../src/process-identity.ts';
import { temporaryFolder } from './temporary-folder.ts';

const backoff = { firstMs: 20, maxMs: 80, steadyMs: 60_000 };

/** Supervises a Node script that is ready once it has made the file `ready`. */
async function superviseScript(
  script: string,
  options: Partial<ProcessSpec> = {},
): Promise<{ supervised: SupervisedProcess; lines: string[]; stateDir: string }> {
  const stateDir = options.stateDir ?? temporaryFolder();
  const lines: string[] = [];
  const supervised = await superviseProcess({
    name: 'script',
    command: process.execPath,
    args: ['-e', `const fs = require('fs'); ${script}`],
    cwd: stateDir,
    stateDir,
    probe: async () => {
      if (!existsSync(join(stateDir, 'ready'))) throw new Error('no file named ready');
    },
    backoff,
    report: (line) => lines.push(line),
    ...options,
  });
  onTestFinished(() => supervised.stop());
  return { supervised, lines, stateDir };
}

const becomeReady = `fs.writeFileSync('ready', ''); setInterval(() => {}, 1000);`;

function pidOf(supervised: SupervisedProcess): number {
  const { pid } = supervised.status();
  if (pid === undefined) throw new Error('not running');
  return pid;
}

test('a process that ends before it is ready is refused with its last words', async () => {
  const start = superviseScript(`console.error('FATAL: the disk is full'); process.exit(3);`);
  await expect(start).rejects.toThrow(StackError);
  await expect(start).rejects.toThrow(/script did not start \(exit code 3\): FATAL: the disk is full/);
});

test('a command that does not exist is refused by name', async () => {
  const start = superviseScript('', { command: '/nowhere/at-all' });
  await expect(start).rejects.toThrow(/script did not start .*\/nowhere\/at-all/);
});

test('a process that never becomes ready is ended at the deadline', async () => {
  const stateDir = temporaryFolder();
  const start = superviseScript(`fs.writeFileSync('pid', String(process.pid)); setInterval(() => {}, 1000);`, {
    stateDir,
    readyTimeoutMs: 700,
  });
  await expect(start).rejects.toThrow(/script was not ready after 0.7 s \(no file named ready\)/);
  expect(processIdentity(Number(readFileSync(join(stateDir, 'pid'), 'utf8')))).toBeUndefined();
});

test('a crash is reported and the process runs again under another pid', async () => {
  const { supervised, lines } = await superviseScript(becomeReady);
  const before = pidOf(supervised);
  supervised.kill('SIGKILL');
  await expect.poll(() => supervised.status()).toMatchObject({ state: 'ready', restarts: 1 });
  expect(pidOf(supervised)).not.toBe(before);
  expect(lines[0]).toMatch(/script ended by itself \(signal SIGKILL\); starting it again in 20 ms/);
  expect(lines[1]).toBe(`script is running again (pid ${String(pidOf(supervised))})`);
});

test('crashes in a row are answered with a doubled wait up to its limit', async () => {
  const { supervised, lines } = await superviseScript(
    `const first = !fs.existsSync('ready'); fs.writeFileSync('ready', ''); if (first) setInterval(() => {}, 1000); else setTimeout(() => process.exit(1), 200);`,
  );
  supervised.kill('SIGKILL');
  const waits = (): string[] => lines.flatMap((line) => /again in (\d+) ms/.exec(line)?.[1] ?? []);
  await expect.poll(waits, { timeout: 15_000 }).toEqual(expect.arrayContaining(['20', '40', '80']));
  await expect.poll(() => waits().filter((wait) => wait === '80').length, { timeout: 15_000 }).toBeGreaterThan(1);
});

test('stopping while it waits to start again starts nothing', async () => {
  const { supervised, stateDir } = await superviseScript(`${becomeReady} fs.appendFileSync('starts', 'x');`, {
    backoff: { firstMs: 60_000, maxMs: 60_000, steadyMs: 60_000 },
  });
  supervised.kill('SIGKILL');
  await expect.poll(() => supervised.status().state).toBe('waiting');
  await supervised.stop();
  expect(supervised.status()).toMatchObject({ state: 'stopped', pid: undefined });
  expect(readFileSync(join(stateDir, 'starts'), 'utf8')).toBe('x');
});

test('a process that ignores its stop signal is killed at the deadline, with the processes it started', async () => {
  const { supervised, stateDir } = await superviseScript(
    `const child = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
     fs.writeFileSync('child', String(child.pid)); process.on('SIGTERM', () => {}); ${becomeReady}`,
    { stopTimeoutMs: 200 },
  );
  const pid = pidOf(supervised);
  const child = Number(readFileSync(join(stateDir, 'child'), 'utf8'));
  expect(processIdentity(child)).toBeDefined();
  await supervised.stop();
  expect(processIdentity(pid)).toBeUndefined();
  await expect.poll(() => processIdentity(child)).toBeUndefined();
});

test('a restart on demand is orderly and is no crash', async () => {
  const { supervised, lines, stateDir } = await superviseScript(
    `process.on('SIGTERM', () => { fs.writeFileSync('asked', ''); process.exit(0); }); ${becomeReady}`,
  );
  const before = pidOf(supervised);
  await supervised.restart();
  expect(pidOf(supervised)).not.toBe(before);
  expect(supervised.status()).toMatchObject({ state: 'ready', restarts: 1 });
  expect(existsSync(join(stateDir, 'asked'))).toBe(true);
  expect(lines.join()).not.toContain('by itself');
});

test('output is kept in the log of the state directory', async () => {
  const { supervised, stateDir } = await superviseScript(
    `console.log('to out'); console.error('to err'); ${becomeReady}`,
  );
  expect(supervised.logFile).toBe(join(stateDir, 'logs', 'script.log'));
  await expect.poll(() => readFileSync(supervised.logFile, 'utf8')).toMatch(/to out\nto err/);
});
