import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Binary, findBinaries } from '@charter/stack';

export const root = join(import.meta.dirname, '../..');
export const deploy = (path: string): string => join(root, 'deploy', path);

const { promtool: promtoolBinary, amtool: amtoolBinary } = await findBinaries();

/** Runs a checker that came with its server and answers what it says; rejects with the same when it finds fault. */
const checker =
  ({ path, env }: Binary) =>
  async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await promisify(execFile)(path, args, { cwd: root, env: { ...process.env, ...env } });
    return stdout + stderr;
  };

export const promtool = checker(promtoolBinary);
export const amtool = checker(amtoolBinary);

/** Gives `use` the path of a file with this text, for as long as it takes. */
export async function withFile<T>(name: string, text: string, use: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'charter-deploy-'));
  try {
    const path = join(folder, name);
    await writeFile(path, text);
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
