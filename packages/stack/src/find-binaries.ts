import { accessSync, constants, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { canFetchDebianPackages, fetchDebianPackages, unpackedRoot } from './debian-packages.ts';
import { type Report, StackError } from './stack-error.ts';

/** A program and what must be added to its environment to run it. */
export interface Binary {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The programs the stack runs, and the checkers that come with them. */
export interface Binaries {
  readonly redis: Binary;
  readonly prometheus: Binary;
  readonly promtool: Binary;
  readonly alertmanager: Binary;
  readonly amtool: Binary;
}

/** Names under which each program is known; the first one found is taken. */
const programNames: Readonly<Record<keyof Binaries, readonly string[]>> = {
  redis: ['redis-server', 'valkey-server'],
  prometheus: ['prometheus'],
  promtool: ['promtool'],
  alertmanager: ['alertmanager', 'prometheus-alertmanager'],
  amtool: ['amtool'],
};

/** Where to look and what to say meanwhile. */
export interface FindOptions {
  /** Where fetched packages go; default `.charter/debian` of the checkout. */
  readonly fetchDir?: string;
  /** Told about downloads. */
  readonly report?: Report;
  /** Folders to search, as in `PATH`. */
  readonly searchPath?: string;
}

/**
 * Finds Redis, Prometheus and Alertmanager: on `PATH`, else among Debian packages fetched without root, else throws a
 * `StackError` that says what to install.
 */
export async function findBinaries(options: FindOptions = {}): Promise<Binaries> {
  const { fetchDir = checkoutFetchDir(), report = () => undefined, searchPath = process.env.PATH ?? '' } = options;
  const onPath = (program: keyof Binaries): Binary | undefined => findOnPath(programNames[program], searchPath);
  const missing = programs.filter((program) => onPath(program) === undefined);
  if (missing.length > 0) await fetchMissing(missing, fetchDir, report);

  const locate = (program: keyof Binaries): Binary => {
    const found = onPath(program) ?? findUnpacked(programNames[program], unpackedRoot(fetchDir));
    if (!found) throw notInstalled([program], 'the Debian packages do not hold it');
    return found;
  };
  return {
    redis: locate('redis'),
    prometheus: locate('prometheus'),
    promtool: locate('promtool'),
    alertmanager: locate('alertmanager'),
    amtool: locate('amtool'),
  };
}

const programs = ['redis', 'prometheus', 'promtool', 'alertmanager', 'amtool'] as const;

/** `.charter/debian` of this checkout, shared by all its state directories. */
function checkoutFetchDir(): string {
  return resolve(import.meta.dirname, '../../..', '.charter/debian');
}

/** The shared folder of the checkout where it may be written, else a folder in the state directory. */
export function fetchDirFor(stateDir: string): string {
  const shared = checkoutFetchDir();
  if (existsSync(unpackedRoot(shared))) return shared;
  try {
    mkdirSync(shared, { recursive: true });
    accessSync(shared, constants.W_OK);
    return shared;
  } catch {
    return join(stateDir, 'debian');
  }
}

async function fetchMissing(missing: readonly (keyof Binaries)[], fetchDir: string, report: Report): Promise<void> {
  if (existsSync(unpackedRoot(fetchDir))) return;
  if (!(await canFetchDebianPackages())) throw notInstalled(missing, 'there is no apt-get to fetch them with');
  try {
    await fetchDebianPackages(fetchDir, report);
  } catch (error) {
    throw notInstalled(missing, error instanceof Error ? error.message : String(error));
  }
}

function notInstalled(missing: readonly (keyof Binaries)[], why: string): StackError {
  const names = missing.map((program) => programNames[program].join(' or ')).join(', ');
  return new StackError(
    `Not found on PATH: ${names} (and ${why}). Install Redis, Prometheus and Alertmanager, name running ones with --external-redis, --external-prometheus and --external-alertmanager, or use docker compose up`,
  );
}

function findOnPath(names: readonly string[], searchPath: string): Binary | undefined {
  const folders = searchPath.split(delimiter).filter((folder) => folder !== '');
  for (const name of names) {
    const folder = folders.find((candidate) => isExecutable(join(candidate, name)));
    if (folder !== undefined) return { path: join(folder, name), env: {} };
  }
  return undefined;
}

function findUnpacked(names: readonly string[], root: string): Binary | undefined {
  const found = findOnPath(names, join(root, 'usr/bin'));
  return found && { path: found.path, env: { LD_LIBRARY_PATH: libraryFolders(root).join(delimiter) } };
}

/** `usr/lib` and its folder for the processor, such as `usr/lib/x86_64-linux-gnu`. */
function libraryFolders(root: string): string[] {
  const folder = join(root, 'usr/lib');
  if (!existsSync(folder)) return [];
  return [
    ...readdirSync(folder)
      .filter((name) => name.includes('-linux-'))
      .map((name) => join(folder, name)),
    folder,
  ];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
