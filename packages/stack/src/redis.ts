import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Binary } from './find-binaries.ts';
import { loopback } from './ports.ts';
import { redisProbe } from './probes.ts';
import type { Server, ServerOptions } from './server.ts';
import { superviseProcess } from './supervise-process.ts';

/**
 * Starts Redis on the loopback address with its append-only file synced every second and no eviction, as BullMQ needs it.
 * Data is in `<stateDir>/redis`.
 */
export async function startRedis(options: ServerOptions & { readonly binary: Binary }): Promise<Server> {
  const { stateDir, port, binary, report } = options;
  const data = join(stateDir, 'redis');
  await mkdir(data, { recursive: true });
  const supervised = await superviseProcess({
    name: 'redis',
    command: binary.path,
    args: [
      ...['--port', String(port), '--bind', loopback, '--protected-mode', 'yes', '--daemonize', 'no'],
      ...['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction'],
    ],
    env: binary.env,
    // Redis keeps its data where it starts: a path in an argument would be split at its spaces.
    cwd: data,
    stateDir,
    probe: redisProbe({ host: loopback, port }),
    ...(report && { report }),
  });
  return { ...supervised, url: `redis://${loopback}:${String(port)}` };
}
