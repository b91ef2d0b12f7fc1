import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { testPrefix } from '@charter/queue/testing';
import { createTestDatabase } from '@charter/store/testing';
import { expect, inject } from 'vitest';

/** A place where charters run in processes of their own, so that they can be killed and signalled like ones. */
export async function charterProcesses() {
  const database = await createTestDatabase(inject('postgresUrl'));
  const stateDir = await mkdtemp(join(tmpdir(), 'charter-state-'));
  const prefix = testPrefix();
  const children: ChildProcess[] = [];

  async function launch(
    settings: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly url: string; readonly child: ChildProcess }> {
    const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'src', 'main.ts')], {
      env: {
        DATABASE_URL: database.url,
        REDIS_URL: inject('redisUrl'),
        CHARTER_QUEUE_PREFIX: prefix,
        CHARTER_STATE_DIR: stateDir,
        PORT: '0',
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const lines = createInterface({ input: child.stdout ?? expect.unreachable() });
    const url = await new Promise<string>((resolve, reject) => {
      lines.on('line', (line) => {
        const { msg, url: listening } = JSON.parse(line) as { msg: string; url?: string };
        if (msg === 'listening' && listening !== undefined) resolve(listening);
      });
      lines.on('close', () => reject(new Error('the charter ended before it listened')));
    });
    return { url, child };
  }

  return {
    database,
    stateDir,
    launch,
    async close(): Promise<void> {
      for (const child of children) child.kill('SIGKILL');
      await database.drop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
export type CharterProcesses = Awaited<ReturnType<typeof charterProcesses>>;

/** Posts JSON, or YAML given as text. */
export async function post<Body>(url: string, path: string, body?: unknown): Promise<{ status: number; body: Body }> {
  const isText = typeof body === 'string';
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: body === undefined ? {} : { 'content-type': isText ? 'application/yaml' : 'application/json' },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Body };
}
