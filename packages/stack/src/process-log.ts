import { closeSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

const rotateAboveBytes = 20 * 1024 * 1024;
const tailBytes = 8_192;

/** The log file of one process: opened for its output, and read back to say why it ended. */
export interface ProcessLog {
  readonly file: string;
  /** A descriptor to hand to the child; close it after the spawn. */
  open(): number;
  /** The last line that says most about a failure, or an empty string. Only what was written since `open`. */
  lastWords(): string;
}

/** Appends to `<stateDir>/logs/<name>.log`; at each start a file above 20 MB becomes `.1`. */
export function processLog(stateDir: string, name: string): ProcessLog {
  const folder = join(stateDir, 'logs');
  const file = join(folder, `${name}.log`);
  let openedAt = 0;
  return {
    file,
    open() {
      mkdirSync(folder, { recursive: true });
      if (sizeOf(file) > rotateAboveBytes) renameSync(file, `${file}.1`);
      openedAt = sizeOf(file);
      return openSync(file, 'a', 0o600);
    },
    lastWords() {
      const lines = readTail(file, openedAt)
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '');
      return (
        lines.findLast((line) => /fatal|error|panic|cannot|could not|denied/i.test(line)) ??
        lines.at(-1) ??
        ''
      ).slice(0, 300);
    },
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function readTail(file: string, from: number): string {
  const size = sizeOf(file);
  const start = Math.max(from, size - tailBytes);
  if (size <= start) return '';
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(size - start);
    return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, buffer.length, start));
  } finally {
    closeSync(descriptor);
  }
}
