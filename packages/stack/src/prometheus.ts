import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Binary } from './find-binaries.ts';
import { loopback } from './ports.ts';
import { httpProbe } from './probes.ts';
import type { Server, ServerOptions } from './server.ts';
import { superviseProcess } from './supervise-process.ts';

/** What Prometheus needs beside its place. */
export interface PrometheusOptions extends ServerOptions {
  readonly binary: Binary;
  /** Path of the configuration file. */
  readonly configFile: string;
  /** How long samples are kept, as Prometheus writes durations; default `15d`. */
  readonly retention?: string;
}

/** Starts Prometheus on the loopback address. Data is in `<stateDir>/prometheus`; `POST /-/reload` reads the configuration again. */
export async function startPrometheus(options: PrometheusOptions): Promise<Server> {
  const { stateDir, port, binary, configFile, retention = '15d', report } = options;
  const data = join(resolve(stateDir), 'prometheus');
  await mkdir(data, { recursive: true });
  const url = `http://${loopback}:${String(port)}`;
  const supervised = await superviseProcess({
    name: 'prometheus',
    command: binary.path,
    args: [
      `--config.file=${resolve(configFile)}`,
      `--storage.tsdb.path=${data}`,
      `--storage.tsdb.retention.time=${retention}`,
      `--web.listen-address=${loopback}:${String(port)}`,
      '--web.enable-lifecycle',
    ],
    env: binary.env,
    cwd: data,
    stateDir,
    probe: httpProbe(`${url}/-/ready`),
    ...(report && { report }),
  });
  return { ...supervised, url };
}
