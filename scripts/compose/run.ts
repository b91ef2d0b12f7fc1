import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Where all output goes besides. */
  readonly logFile?: string;
  readonly signal?: AbortSignal;
}

/** Runs a command to its end and answers its standard output. @throws Error with its last lines when it fails */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { env = {}, cwd, logFile, signal } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd !== undefined && { cwd }),
      ...(signal && { signal }),
    });
    const log = logFile === undefined ? null : createWriteStream(logFile, { flags: 'a' });
    let output = '';
    let tail = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      keep(chunk);
    });
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => {
      log?.end();
      if (code === 0) resolve(output);
      else reject(new Error(`${command} ${args.join(' ')} failed (${String(code)}):\n${tail.trim()}`));
    });

    function keep(chunk: Buffer): void {
      log?.write(chunk);
      tail = (tail + chunk.toString('utf8')).slice(-3_000);
    }
  });
}
