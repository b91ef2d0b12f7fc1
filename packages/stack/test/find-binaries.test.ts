import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { findBinaries, StackError } from '../src/index.ts';
import { temporaryFolder } from './temporary-folder.ts';

function folderWith(...programs: string[]): string {
  const folder = join(temporaryFolder(), 'bin');
  mkdirSync(folder);
  for (const program of programs) writeFileSync(join(folder, program), '#!/bin/sh\n', { mode: 0o755 });
  return folder;
}

test('programs on the search path are taken, under the names distributions give them', async () => {
  const searchPath = folderWith('valkey-server', 'prometheus', 'promtool', 'prometheus-alertmanager', 'amtool');
  const fetchDir = temporaryFolder();
  const binaries = await findBinaries({ searchPath, fetchDir });
  expect(binaries.redis).toEqual({ path: join(searchPath, 'valkey-server'), env: {} });
  expect(binaries.alertmanager.path).toBe(join(searchPath, 'prometheus-alertmanager'));
});

test('a file that may not be executed is no program', async () => {
  const searchPath = folderWith('redis-server', 'valkey-server', 'prometheus', 'promtool', 'alertmanager', 'amtool');
  writeFileSync(join(searchPath, 'other'), '');
  spawnSync('chmod', ['644', join(searchPath, 'redis-server')]);
  const binaries = await findBinaries({ searchPath, fetchDir: temporaryFolder() });
  expect(binaries.redis.path).toBe(join(searchPath, 'valkey-server'));
});

test('without them and without apt-get one line says what is missing and what to do', async () => {
  const searchPath = folderWith('prometheus', 'promtool');
  vi.stubEnv('PATH', searchPath);
  onTestFinished(() => void vi.unstubAllEnvs());
  const search = findBinaries({ searchPath, fetchDir: temporaryFolder() });
  await expect(search).rejects.toThrow(StackError);
  await expect(search).rejects.toThrow(
    /^Not found on PATH: redis-server or valkey-server, alertmanager or prometheus-alertmanager, amtool \(and there is no apt-get .*Install Redis.*docker compose up$/,
  );
});

test('the programs found on this machine run', async () => {
  const binaries = await findBinaries();
  for (const { path, env } of Object.values(binaries)) {
    const { status, stdout, stderr } = spawnSync(path, ['--version'], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
    expect({ path, status, stderr }).toMatchObject({ status: 0 });
    expect(stdout + stderr).toMatch(/\d+\.\d+/);
  }
});
