import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startAlertmanager } from '../alertmanager.ts';
import { findBinaries } from '../find-binaries.ts';
import { freePort } from '../ports.ts';
import { startPostgres } from '../postgres.ts';
import { startPrometheus } from '../prometheus.ts';
import { startRedis } from '../redis.ts';
import type { Server, ServerOptions } from '../server.ts';
import { claimTestFolder } from './abandoned-folders.ts';

/** A server on a free port whose data is deleted when it stops. Also usable with `await using`. */
export interface TestServer extends Server, AsyncDisposable {}

/** A test server that reads a configuration file. */
export interface ConfiguredServer extends TestServer {
  readonly configFile: string;
  /** Replaces its configuration and makes it read the new one; throws when it refuses. */
  reload(config: string): Promise<void>;
}

/** A Redis of a test's own, for instance to flush or kill. */
export function startTestRedis(): Promise<TestServer> {
  return inTemporaryFolder(async (common) => startRedis({ ...common, binary: (await findBinaries(common)).redis }));
}

/**
 * A Postgres of a test's own. It survives its own crashes but not one of the machine, since it syncs nothing; `durable`
 * makes it sync as the real stack's does.
 */
export function startTestPostgres({ durable = false } = {}): Promise<TestServer> {
  return inTemporaryFolder((common) => startPostgres({ ...common, settings: durable ? {} : { fsync: 'off' } }));
}

/** A Prometheus with this YAML configuration. */
export function startTestPrometheus(config: string): Promise<ConfiguredServer> {
  return startConfigured(config, async (common, configFile) =>
    startPrometheus({ ...common, configFile, binary: (await findBinaries(common)).prometheus }),
  );
}

/** An Alertmanager with this YAML configuration. */
export function startTestAlertmanager(config: string): Promise<ConfiguredServer> {
  return startConfigured(config, async (common, configFile) =>
    startAlertmanager({ ...common, configFile, binary: (await findBinaries(common)).alertmanager }),
  );
}

async function startConfigured(
  config: string,
  start: (common: ServerOptions, configFile: string) => Promise<Server>,
): Promise<ConfiguredServer> {
  let configFile = '';
  const server = await inTemporaryFolder(async (common) => {
    configFile = join(common.stateDir, 'config.yml');
    await writeFile(configFile, config);
    return start(common, configFile);
  });
  return {
    ...server,
    configFile,
    async reload(newConfig) {
      await writeFile(configFile, newConfig);
      const response = await fetch(`${server.url}/-/reload`, { method: 'POST' });
      if (!response.ok) throw new Error(`reload answers ${String(response.status)}: ${await response.text()}`);
    },
  };
}

async function inTemporaryFolder(start: (common: ServerOptions) => Promise<Server>): Promise<TestServer> {
  const stateDir = await claimTestFolder();
  const cleanUp = (): Promise<void> => rm(stateDir, { recursive: true, force: true });
  try {
    const server = await start({ stateDir, port: await freePort() });
    const stop = async (): Promise<void> => {
      await server.stop();
      await cleanUp();
    };
    return { ...server, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await cleanUp();
    throw error;
  }
}
