import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startAlertmanager } from './alertmanager.ts';
import { assertReachable, type ExternalUrls } from './external-servers.ts';
import { tryLock } from './file-lock.ts';
import { type Binaries, fetchDirFor, findBinaries } from './find-binaries.ts';
import { assertPortsFree, defaultPorts } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { startPrometheus } from './prometheus.ts';
import { startRedis } from './redis.ts';
import { stopOrphans } from './running-record.ts';
import type { Server } from './server.ts';
import { type Report, StackError } from './stack-error.ts';
import type { PartStatus } from './supervise-process.ts';

/** The four servers, in the order they start. */
export const serverNames = ['postgres', 'redis', 'prometheus', 'alertmanager'] as const;
export type ServerName = (typeof serverNames)[number];

/** How to start the stack. */
export interface StackOptions {
  /** All data, logs, pid files and the lock; `CHARTER_STATE_DIR`. Made when missing. */
  readonly stateDir: string;
  /** Added to every default port; `CHARTER_PORT_BASE`. */
  readonly portBase: number;
  /** Told about progress, crashes and restarts. */
  readonly report: Report;
  /** Path of the Prometheus configuration file. */
  readonly prometheusConfig: string;
  /** Path of the Alertmanager configuration file. */
  readonly alertmanagerConfig: string;
  /** As Prometheus writes durations; default `15d`. */
  readonly prometheusRetention?: string;
  /** Running servers to use instead of starting them. */
  readonly external?: ExternalUrls;
  /** Further ports that must be free before anything starts, such as those of the services; already shifted. */
  readonly alsoFree?: readonly { name: string; port: number }[];
}

/** The running stack. */
export interface Stack {
  readonly stateDir: string;
  readonly urls: Readonly<Record<ServerName, string>>;
  /** The checkers that come with Prometheus and Alertmanager. */
  readonly binaries: { readonly promtool: string; readonly amtool: string };
  /** The servers this stack started; external ones are not among them. */
  parts(): PartStatus[];
  restart(name: ServerName): Promise<void>;
  /** Sends a signal to one server, as a failure would. */
  kill(name: ServerName, signal: NodeJS.Signals): void;
  /** Resolves when a server is ready, for instance again after a crash. */
  whenReady(name: ServerName): Promise<void>;
  /** Stops all it started, in reverse order, and frees the state directory. Harmless when called again. */
  stop(): Promise<void>;
}

/** The ports of the four servers for a `CHARTER_PORT_BASE`. */
export function stackPorts(portBase: number): Record<ServerName, number> {
  return {
    redis: defaultPorts.redis + portBase,
    postgres: defaultPorts.postgres + portBase,
    prometheus: defaultPorts.prometheus + portBase,
    alertmanager: defaultPorts.alertmanager + portBase,
  };
}

/**
 * Starts Postgres, Redis, Prometheus and Alertmanager, or uses the external ones, and keeps them running.
 * Throws a `StackError` when the state directory is in use, a port is taken, a program is missing or a server does not start;
 * nothing is left running then.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { portBase, report, external = {}, alsoFree = [] } = options;
  const stateDir = resolve(options.stateDir);
  mkdirSync(stateDir, { recursive: true });
  const release = lockState(stateDir);
  const started: Server[] = [];
  const stopAll = async (): Promise<void> => {
    for (const server of started.toReversed()) await server.stop();
    release();
  };
  try {
    await stopOrphans(stateDir, report);
    const ports = stackPorts(portBase);
    const own = serverNames.filter((name) => external[name] === undefined);
    await assertPortsFree([...own.map((name) => ({ name, port: ports[name] })), ...alsoFree]);
    await assertReachable(external);
    const binaries = await findBinaries({ fetchDir: fetchDirFor(stateDir), report });
    const urls = { redis: '', postgres: '', prometheus: '', alertmanager: '' };
    for (const name of serverNames) {
      const url = external[name];
      if (url !== undefined) {
        urls[name] = url;
        continue;
      }
      const server = await startServer(name, { ...options, stateDir }, ports[name], binaries);
      started.push(server);
      urls[name] = server.url;
      report(`${name} is ready on port ${String(ports[name])}`);
    }
    return stackOf(stateDir, urls, binaries, started, stopAll);
  } catch (error) {
    await stopAll();
    throw error;
  }
}

function stackOf(
  stateDir: string,
  urls: Record<ServerName, string>,
  { promtool, amtool }: Binaries,
  started: readonly Server[],
  stopAll: () => Promise<void>,
): Stack {
  const serverOf = (name: ServerName): Server => {
    const server = started.find((candidate) => candidate.name === name);
    if (!server) throw new StackError(`${name} is external: this stack did not start it`);
    return server;
  };
  return {
    stateDir,
    urls,
    binaries: { promtool: promtool.path, amtool: amtool.path },
    parts: () => started.map((server) => server.status()),
    restart: (name) => serverOf(name).restart(),
    kill: (name, signal) => serverOf(name).kill(signal),
    whenReady: (name) => serverOf(name).whenReady(),
    stop: stopAll,
  };
}

function startServer(name: ServerName, options: StackOptions, port: number, binaries: Binaries): Promise<Server> {
  const { stateDir, report, prometheusConfig, alertmanagerConfig, prometheusRetention } = options;
  const common = { stateDir, port, report };
  switch (name) {
    case 'postgres':
      return startPostgres(common);
    case 'redis':
      return startRedis({ ...common, binary: binaries.redis });
    case 'prometheus':
      return startPrometheus({
        ...common,
        binary: binaries.prometheus,
        configFile: prometheusConfig,
        ...(prometheusRetention !== undefined && { retention: prometheusRetention }),
      });
    case 'alertmanager':
      return startAlertmanager({ ...common, binary: binaries.alertmanager, configFile: alertmanagerConfig });
  }
}

function lockState(stateDir: string): () => void {
  const answer = tryLock(join(stateDir, 'charter.lock'));
  if ('release' in answer) return answer.release;
  throw new StackError(
    `Charter already runs on ${stateDir} (pid ${String(answer.holder.pid)}): stop it first, or choose another folder with CHARTER_STATE_DIR`,
  );
}
