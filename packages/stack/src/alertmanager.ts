import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Binary } from './find-binaries.ts';
import { loopback } from './ports.ts';
import { httpProbe } from './probes.ts';
import type { Server, ServerOptions } from './server.ts';
import { superviseProcess } from './supervise-process.ts';

/** What Alertmanager needs beside its place. */
export interface AlertmanagerOptions extends ServerOptions {
  readonly binary: Binary;
  /** Path of the configuration file. */
  readonly configFile: string;
}

/**
 * Starts one Alertmanager on the loopback address, without the gossip port of clusters. Data is in `<stateDir>/alertmanager`;
 * `POST /-/reload` reads the configuration again.
 */
export async function startAlertmanager(options: AlertmanagerOptions): Promise<Server> {
  const { stateDir, port, binary, configFile, report } = options;
  const data = join(resolve(stateDir), 'alertmanager');
  await mkdir(data, { recursive: true });
  const url = `http://${loopback}:${String(port)}`;
  const supervised = await superviseProcess({
    name: 'alertmanager',
    command: binary.path,
    args: [
      `--config.file=${resolve(configFile)}`,
      `--storage.path=${data}`,
      `--web.listen-address=${loopback}:${String(port)}`,
      '--cluster.listen-address=',
    ],
    env: binary.env,
    cwd: data,
    stateDir,
    probe: httpProbe(`${url}/-/ready`),
    ...(report && { report }),
  });
  return { ...supervised, url };
}
