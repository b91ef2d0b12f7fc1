import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Another app of the repository as a process of its own: what is tested against it is its HTTP side alone. */
export interface Neighbor {
  readonly url: string;
  close(): Promise<void>;
}

const path = (relative: string): string => fileURLToPath(new URL(`../../../${relative}`, import.meta.url));

/** The real testbed, on a free port. */
export const startTestbed = (): Promise<Neighbor> =>
  start('apps/testbed/src/main.ts', { PORT: '0', LOG_LEVEL: 'info' }, /"url":"(http[^"]+)"/);

/** The real charter on a database of its own, on a free port. */
export const startCharter = (environment: { DATABASE_URL: string; REDIS_URL: string }): Promise<Neighbor> =>
  start('apps/charter/src/main.ts', { PORT: '0', LOG_LEVEL: 'info', ...environment }, /"url":"(http[^"]+)"/);

/** The real process to heal with its supervisor, on free ports. */
export const startSupervisor = (): Promise<Neighbor> =>
  start('examples/leaky-server/src/main.ts', { LEAKY_PORT: '0', SUPERVISOR_PORT: '0' }, /supervisor at (http\S+)/);

/** The simulated web system behind its line protocol, in real time, on a free port. */
export const startSwim = (): Promise<Neighbor> =>
  start('simulation/src/run.ts', {}, /SWIM at (tcp:\S+),/, ['swim-server', '--port', '0']);

async function start(
  main: string,
  environment: Record<string, string>,
  said: RegExp,
  args: readonly string[] = [],
): Promise<Neighbor> {
  const child = spawn(process.execPath, [path(main), ...args], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { url: await urlFrom(child, said), close: () => stop(child) };
}

async function urlFrom({ stdout }: ChildProcess, said: RegExp): Promise<string> {
  if (!stdout) throw new Error('a process without output');
  for await (const line of createInterface({ input: stdout })) {
    const url = said.exec(line)?.[1];
    if (url === undefined) continue;
    stdout.resume();
    return url;
  }
  throw new Error('it ended without saying where it listens');
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
