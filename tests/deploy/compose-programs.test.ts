import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { amtool, promtool, root } from './checkers.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'charter-compose-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a program of the image as the image does, with the volumes in a folder of this test. */
async function runProgram(name: string, args: string[] = [], env: Record<string, string> = {}): Promise<string> {
  const preload = join(root, 'launcher/src/compose-environment.ts');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', preload, join(root, `launcher/src/compose-${name}.ts`), ...args],
    {
      env: {
        PATH: process.env.PATH,
        CHARTER_KEYS_DIR: join(folder, 'keys'),
        CHARTER_CONFIG_DIR: join(folder, 'config'),
        ...env,
      },
    },
  );
  return stdout;
}
const keyFile = (path: string): Promise<string> => readFile(join(folder, 'keys', path), 'utf8');

describe('keys', () => {
  test('are made at the first start, for every role, and the services see only their hashes', async () => {
    const said = await runProgram('keys');
    const hashed: Array<{ name: string; role: string; sha256: string }> = JSON.parse(
      await keyFile('services/api-keys.json'),
    );
    expect(new Set(hashed.map(({ role }) => role))).toEqual(new Set(['viewer', 'operator', 'approver', 'admin']));
    for (const { name, sha256 } of hashed) {
      const key = await keyFile(`issued/${name}`);
      expect(key.length).toBeGreaterThanOrEqual(43);
      expect(createHash('sha256').update(key).digest('hex')).toBe(sha256);
      expect(said).not.toContain(key);
    }
    expect(await keyFile('services/api-key')).toBe(await keyFile('issued/services'));
    expect((await stat(join(folder, 'keys/issued/admin'))).mode & 0o077).toBe(0);
  });

  test('stay what they are at the next start', async () => {
    const before = await keyFile('services/api-keys.json');
    await runProgram('keys');
    expect(await keyFile('services/api-keys.json')).toBe(before);
    expect(await keyFile('services/database-url')).toContain(
      `:${await keyFile('servers/postgres-password')}@postgres:5432`,
    );
  });

  test('are shown one at a time to who asks', async () => {
    expect((await runProgram('keys', ['show', 'admin'])).trim()).toBe(await keyFile('issued/admin'));
  });
});

test('the rendered configurations are valid and hold the key that Monitor asks for', async () => {
  await runProgram('configs', [], { CHARTER_SLACK_WEBHOOK_URL: 'https://chat.example.com/hook' });
  const alertmanager = join(folder, 'config/alertmanager/alertmanager.yml');
  expect(await amtool('check-config', alertmanager)).toContain('SUCCESS');
  expect(
    await promtool('check', 'config', '--syntax-only', join(folder, 'config/prometheus/prometheus.yml')),
  ).toContain('SUCCESS');
  expect(await readFile(join(folder, 'config/prometheus/prometheus.yml'), 'utf8')).toContain(
    '- /etc/prometheus/targets/*.yml',
  );
  const [receiver] = parse(await readFile(alertmanager, 'utf8')).receivers;
  expect(receiver.webhook_configs[0].http_config.authorization.credentials).toBe(await keyFile('issued/alertmanager'));
});

test('a secret in a file becomes the variable', async () => {
  const secret = join(folder, 'secret');
  await writeFile(secret, 'value\n');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', join(root, 'launcher/src/compose-environment.ts'), '--print', 'process.env.DATABASE_URL'],
    { env: { PATH: process.env.PATH, DATABASE_URL_FILE: secret } },
  );
  expect(stdout.trim()).toBe('value');
});

describe('the health check', () => {
  const healthOf = async (status: number): Promise<boolean> => {
    const server = createServer((_request, response) => response.writeHead(status).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      await runProgram('health', [], { PORT: String(port) });
      return true;
    } catch {
      return false;
    } finally {
      server.close();
    }
  };

  test('succeeds for a service that is ready, and fails for one that is not', async () => {
    expect(await healthOf(200)).toBe(true);
    expect(await healthOf(503)).toBe(false);
  });

  test('fails when nobody answers', async () => {
    await expect(runProgram('health', [], { PORT: '1' })).rejects.toThrow();
  });
});
