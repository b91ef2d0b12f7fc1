import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { waitForLock } from './file-lock.ts';
import { relocateAssets } from './relocate-assets.ts';
import { runCommand } from './run-command.ts';
import type { Report } from './stack-error.ts';

const packages = ['redis-server', 'redis-tools', 'prometheus', 'prometheus-alertmanager'];

/** The scripts that the pages of Debian's Prometheus link to; their raw time zone tables are thousands of files that none reads. */
const pageScripts = /^libjs-/;
const unread = './usr/share/javascript/moment-timezone/data';

const unpackedName = 'unpacked';

/** Whether this machine has the tools of the recipe. */
export async function canFetchDebianPackages(): Promise<boolean> {
  try {
    await runCommand('apt-get', ['--version']);
    await runCommand('dpkg', ['--version']);
    return existsSync('/var/lib/dpkg/status');
  } catch {
    return false;
  }
}

/** Where `fetchDebianPackages` puts the files of the packages, as if it were `/`. */
export function unpackedRoot(folder: string): string {
  return join(folder, unpackedName);
}

/**
 * Downloads the Debian packages of Redis, Prometheus and Alertmanager with the machine's own package sources and keys, and
 * unpacks them into the folder. Needs neither root nor any change to the machine: apt works on a state directory of its own.
 * Several processes may call it at once; one fetches, the others wait. Does nothing when the folder is already filled.
 */
export async function fetchDebianPackages(folder: string, report: Report): Promise<void> {
  if (existsSync(unpackedRoot(folder))) return;
  const release = await waitForLock(join(folder, 'fetch.lock'), ({ pid }) =>
    report(`Waiting for another process (pid ${String(pid)}) that fetches Redis, Prometheus and Alertmanager`),
  );
  try {
    if (!existsSync(unpackedRoot(folder))) await fetchInto(folder, report);
  } finally {
    release();
  }
}

async function fetchInto(folder: string, report: Report): Promise<void> {
  const work = join(folder, 'work');
  const archives = join(work, 'archives');
  const unpacking = join(work, unpackedName);
  await rm(work, { recursive: true, force: true });
  for (const path of [archives, unpacking, join(work, 'state/lists/partial'), join(work, 'cache/archives/partial')]) {
    await mkdir(path, { recursive: true });
  }
  const apt = (command: string, args: readonly string[]): Promise<string> =>
    runCommand(command, [...aptOptions(work), ...args], { cwd: archives });

  report('Fetching Redis, Prometheus and Alertmanager as Debian packages (35 MB, once): reading the package lists');
  await apt('apt-get', ['update']);
  const dependencies = await apt('apt-cache', ['depends', 'redis-tools', 'prometheus', 'libjs-rickshaw']);
  const wanted = [...packages, ...(await missingDependencies(dependencies))];
  report(`Fetching ${wanted.filter((name) => !pageScripts.test(name)).join(', ')}`);
  await apt('apt-get', ['download', ...wanted]);
  for (const archive of await readdir(archives)) {
    const name = archive.replace(/_.*/, '');
    if (!pageScripts.test(name)) report(`Unpacking ${name}`);
    await runCommand('sh', ['-c', unpackCommand, 'sh', join(archives, archive), unpacking, unread]);
  }
  await relocateAssets(join(unpacking, 'usr/bin/prometheus-alertmanager'), '/usr/share/prometheus/alertmanager');
  await relocateAssets(join(unpacking, 'usr/bin/prometheus'), '/usr/share/prometheus/web');
  await rename(unpacking, unpackedRoot(folder));
  await rm(work, { recursive: true, force: true });
}

/** `dpkg -x`, but without one folder. */
const unpackCommand = 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --exclude "$3"';

/** Options that keep apt away from the machine's state and from root. */
function aptOptions(work: string): string[] {
  return [
    `Dir::State=${join(work, 'state')}`,
    'Dir::State::status=/var/lib/dpkg/status',
    `Dir::Cache=${join(work, 'cache')}`,
    'APT::Sandbox::User=',
    'Debug::NoLocking=true',
    'Acquire::Retries=3',
  ].flatMap((option) => ['-o', option]);
}

/** What this machine lacks of the libraries of Redis, and the scripts of Prometheus, which must be unpacked beside it. */
async function missingDependencies(dependencies: string): Promise<string[]> {
  const listed = [...dependencies.matchAll(/^\s+\|?Depends: ((?:lib|lua)[^\s<>]+)/gm)].flatMap(
    ([, name]) => name ?? [],
  );
  const names = [...new Set(listed)];
  const needed = await Promise.all(names.map(async (name) => pageScripts.test(name) || !(await isInstalled(name))));
  return names.filter((_, index) => needed[index]);
}

async function isInstalled(name: string): Promise<boolean> {
  try {
    const status = await runCommand('dpkg-query', ['--show', '--showformat', '$' + '{db:Status-Status}', name]);
    return status.startsWith('installed');
  } catch {
    return false;
  }
}
