import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyPostgres, installedPostgres, linkLibraries } from './postgres-binaries.ts';
import { runCommand } from './run-command.ts';
import { type Report, StackError } from './stack-error.ts';

/** A user and group to run as. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Where Postgres runs from and keeps its data, and as whom. */
export interface PostgresPlace {
  /** Folder with `bin/postgres` and `bin/initdb`. */
  readonly native: string;
  /** Folder owned by the user that runs the server; the cluster is in `data` below it. */
  readonly home: string;
  /** Undefined: as we are. */
  readonly user: User | undefined;
}

/** The unprivileged user, named nobody nearly everywhere: the server refuses to run as root. */
const nobody: User = { uid: 65_534, gid: 65_534 };

/**
 * Chooses where Postgres runs. Normally from `node_modules` with its data in `<stateDir>/postgres`. As root it must run as an
 * unprivileged user; where that user cannot reach either folder, for instance below a home of mode 0700, a copy goes to
 * `/var/lib` or another folder it can reach, and the report says where.
 */
export async function placePostgres(stateDir: string, report: Report): Promise<PostgresPlace> {
  const installed = installedPostgres();
  const linked = await linkLibraries(installed);
  mkdirSync(join(stateDir, 'postgres'), { recursive: true });
  const user = process.getuid?.() === 0 ? nobody : undefined;
  const ownHome = join(stateDir, 'postgres', 'cluster');

  const movedTo = rememberedPlace(stateDir);
  if (!movedTo && (!user || (await canReach(join(stateDir, 'postgres'), user)))) {
    const native = linked && (!user || (await canRun(installed, user))) ? installed : undefined;
    if (native !== undefined) return { native, home: await ownedFolder(ownHome, user), user };
    const copy = join(stateDir, 'postgres', 'server');
    report(`Postgres cannot run from ${installed}: using a copy in ${copy}`);
    await copyPostgres(installed, copy);
    return { native: copy, home: await ownedFolder(ownHome, user), user };
  }

  const place = movedTo ?? (await reachablePlace(stateDir, user ?? nobody));
  const copy = join(place, 'server');
  if (!existsSync(copy))
    report(`Postgres does not run as root, and user 65534 cannot reach ${stateDir}: server and data are in ${place}`);
  await copyPostgres(installed, copy);
  rememberPlace(stateDir, place);
  return { native: copy, home: await ownedFolder(join(place, 'cluster'), user), user };
}

/** Throws a `StackError` when not even a folder of the system can be used. */
async function reachablePlace(stateDir: string, user: User): Promise<string> {
  const name = `charter-${createHash('sha256').update(realpathSync(stateDir)).digest('hex').slice(0, 12)}`;
  for (const parent of ['/var/lib', '/var/tmp', tmpdir()]) {
    const place = join(parent, name);
    try {
      mkdirSync(place, { recursive: true, mode: 0o755 });
      chmodSync(place, 0o755);
    } catch {
      continue;
    }
    // In a folder that everybody may write, somebody else could have made this one first.
    const { uid } = lstatSync(place);
    if (uid === process.getuid?.() && lstatSync(place).isDirectory() && (await canReach(place, user))) return place;
  }
  throw new StackError(
    'Postgres does not run as root and user 65534 can reach no folder to run in: start as another user, or name a running one with --external-postgres',
  );
}

const memoOf = (stateDir: string): string => join(stateDir, 'postgres', 'moved-to');

/** The place chosen at an earlier start, so that data is found again whatever changed since. */
function rememberedPlace(stateDir: string): string | undefined {
  return existsSync(memoOf(stateDir)) ? readFileSync(memoOf(stateDir), 'utf8').trim() : undefined;
}

function rememberPlace(stateDir: string, place: string): void {
  writeFileSync(memoOf(stateDir), `${place}\n`);
}

async function ownedFolder(folder: string, user: User | undefined): Promise<string> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (user) await chown(folder, user.uid, user.gid);
  return folder;
}

async function canReach(folder: string, user: User): Promise<boolean> {
  return succeeds('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], user);
}

async function canRun(native: string, user: User): Promise<boolean> {
  return succeeds(join(native, 'bin/postgres'), ['--version'], user);
}

async function succeeds(command: string, args: readonly string[], user: User): Promise<boolean> {
  try {
    await runCommand(command, args, { cwd: '/', user });
    return true;
  } catch {
    return false;
  }
}
