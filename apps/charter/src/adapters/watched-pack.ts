import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { CharterError, type FailurePointer } from '@charter/shared/contracts';

/** A pack on disk: one YAML file, or all YAML files of a folder in the order of their names. */
export interface WatchedPack {
  /** Name of the pack: that of the file or folder. */
  readonly name: string;
  read(): Promise<PackSource>;
  /** Whether files came, went or changed since the last call. */
  hasChanged(): Promise<boolean>;
}

export interface PackSource {
  readonly text: string;
  /** Names the file of an error and its line there. */
  readonly locate: (error: FailurePointer) => FailurePointer;
}

const isYaml = (name: string): boolean => ['.yaml', '.yml'].includes(extname(name));
const separator = '\n---\n';
const linesOf = (text: string): number => text.split('\n').length - 1;

export function watchedPack(path: string): WatchedPack {
  let seen: string | undefined;

  async function files(): Promise<string[]> {
    if (!(await stat(path)).isDirectory()) return [path];
    return (await readdir(path))
      .filter(isYaml)
      .sort()
      .map((name) => join(path, name));
  }

  async function fingerprint(): Promise<string> {
    const stats = await Promise.all((await files()).map(async (file) => ({ file, ...(await stat(file)) })));
    return stats
      .map(({ file, mtimeMs, size, ino }) => `${file} ${String(mtimeMs)} ${String(size)} ${String(ino)}`)
      .join('\n');
  }

  return {
    name: basename(path, extname(path)),
    async read() {
      try {
        const parts = await Promise.all(
          (await files()).map(async (file) => ({ file, text: await readFile(file, 'utf8') })),
        );
        const text = parts.map((part) => part.text).join(separator);
        return { text, locate: (error) => locateIn(parts, error) };
      } catch (cause) {
        throw new CharterError('config-invalid', `CHARTER_PACK: cannot read ${path}`, { cause });
      }
    },
    async hasChanged() {
      const now = await fingerprint().catch(() => 'unreadable');
      const changed = seen !== undefined && seen !== now;
      seen = now;
      return changed && now !== 'unreadable';
    },
  };
}

function locateIn(parts: ReadonlyArray<{ file: string; text: string }>, error: FailurePointer): FailurePointer {
  let { line } = error;
  if (line === undefined) return error;
  for (const { file, text } of parts) {
    const length = linesOf(text) + linesOf(separator);
    if (line <= length) return { ...error, line, detail: `${error.detail} (${file}:${String(line)})` };
    line -= length;
  }
  return error;
}
