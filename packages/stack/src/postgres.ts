import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { loopback } from './ports.ts';
import { type PostgresPlace, placePostgres } from './postgres-place.ts';
import { postgresProbe } from './probes.ts';
import { runCommand } from './run-command.ts';
import type { Server, ServerOptions } from './server.ts';
import { StackError } from './stack-error.ts';
import { superviseProcess } from './supervise-process.ts';

const owner = 'charter';
const database = 'charter';

/** Default server settings; the rest is as Postgres has it. */
const defaultSettings = { max_connections: '200' };

/** What Postgres can be told beside its place. */
export interface PostgresOptions extends ServerOptions {
  /** Server settings by name, over the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Starts the Postgres server that npm brought, on the loopback address, creating its cluster at the first start: database and
 * superuser `charter`, password generated and kept in `<stateDir>/postgres/password` (mode 0600), scram authentication, no socket
 * file. As root it runs as user 65534. Needs no `binary`: the server comes with this package.
 */
export async function startPostgres(options: PostgresOptions): Promise<Server> {
  const { port, settings = {}, report = () => undefined } = options;
  const stateDir = resolve(options.stateDir);
  const place = await placePostgres(stateDir, report);
  const password = await passwordOf(stateDir);
  const data = join(place.home, 'data');
  if (!existsSync(data)) await createCluster(place, data, password);

  const url = `postgres://${owner}:${password}@${loopback}:${String(port)}/${database}`;
  const given = {
    port: String(port),
    listen_addresses: loopback,
    unix_socket_directories: '',
    ...defaultSettings,
    ...settings,
  };
  const supervised = await superviseProcess({
    name: 'postgres',
    command: join(place.native, 'bin/postgres'),
    args: ['-D', data, ...Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    cwd: place.home,
    user: place.user,
    stateDir,
    probe: postgresProbe(url),
    // Fast shutdown: it does not wait for clients to leave.
    stopSignal: 'SIGINT',
    ...(options.report && { report }),
  });
  return { ...supervised, url };
}

async function passwordOf(stateDir: string): Promise<string> {
  const file = join(stateDir, 'postgres', 'password');
  if (!existsSync(file)) await writeFile(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  return (await readFile(file, 'utf8')).trim();
}

/** Creates cluster and database under another name and renames it, so that a crash leaves no half of one. */
async function createCluster({ native, home, user }: PostgresPlace, data: string, password: string): Promise<void> {
  const unfinished = `${data}.unfinished`;
  const passwordFile = join(home, 'password');
  const run = (program: string, args: readonly string[], input = ''): Promise<string> =>
    runCommand(join(native, 'bin', program), args, { cwd: home, user, input });
  try {
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { mode: 0o700 });
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (user) {
      await chown(unfinished, user.uid, user.gid);
      await chown(passwordFile, user.uid, user.gid);
    }
    await run('initdb', [
      ...['-D', unfinished, '-U', owner, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8'],
      ...['--locale-provider=builtin', '--locale=C.UTF-8', '--no-sync', '--no-instructions'],
    ]);
    await run(
      'postgres',
      ['--single', '-c', 'fsync=off', '-D', unfinished, 'postgres'],
      `CREATE DATABASE ${database};\n`,
    );
    await rename(unfinished, data);
  } catch (error) {
    throw new StackError(
      `Postgres cannot create its cluster in ${home}: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}
