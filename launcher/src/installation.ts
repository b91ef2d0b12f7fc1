import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RunningService } from '@charter/service';
import {
  httpProbe,
  loopback,
  type Report,
  type Stack,
  type SupervisedProcess,
  startStack,
  superviseProcess,
} from '@charter/stack';
import { startInProcess } from './in-process.ts';
import type { StartOptions } from './options.ts';
import { targetsFrom, writeServerConfigs } from './server-configs.ts';
import { environmentFor, mainOf, portFor, type ServiceName, serviceNames, urlFor } from './services.ts';
import { until } from './until.ts';

export interface InstallationOptions extends StartOptions {
  readonly report: Report;
  /** Name of the environment whose pack and policies are active. */
  readonly environmentName: string;
  /** Further settings of the services. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Done as soon as the charter is ready: others are ready only once there is a pack. */
  readonly whenCharterReady?: (url: (name: ServiceName) => string) => Promise<void>;
  /** Services that are not started, e.g. because a test runs several of them elsewhere. */
  readonly without?: readonly ServiceName[];
  readonly processEnvironment: Readonly<Record<string, string | undefined>>;
}

/** A whole Charter that runs: the embedded stack and every service. */
export interface Installation {
  readonly stack: Stack;
  readonly environment: Readonly<Record<string, string>>;
  url(name: ServiceName): string;
  /** A service as its own process; undefined when all run in one. */
  process(name: ServiceName): SupervisedProcess | undefined;
  stop(): Promise<void>;
}

const readyMs = 60_000;

/** Starts everything and resolves when every service is ready. @throws StackError with one plain line; nothing is left running */
export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const { portBase, report, without = [] } = options;
  const stateDir = resolve(options.stateDir);
  const names = serviceNames.filter((name) => !without.includes(name));
  await mkdir(stateDir, { recursive: true });
  const configs = await writeServerConfigs(
    join(stateDir, 'config'),
    (port) => `${loopback}:${String(port + portBase)}`,
    targetsFrom(options.processEnvironment),
  );
  const stack = await startStack({
    stateDir,
    portBase,
    report,
    prometheusConfig: configs.prometheus,
    alertmanagerConfig: configs.alertmanager,
    external: options.external,
    alsoFree: names.map((name) => ({ name, port: portFor(name, portBase) })),
  });
  const environment = environmentFor(stack.urls, {
    portBase,
    stateDir,
    cycleInterval: options.cycleInterval ?? '30s',
    environmentName: options.environmentName,
    settings: options.settings ?? {},
  });
  const url = (name: ServiceName): string => urlFor(name, portBase);
  const processes = new Map<ServiceName, SupervisedProcess>();
  let inProcess: RunningService[] = [];

  async function stop(): Promise<void> {
    for (const service of inProcess.toReversed()) await service.close();
    await Promise.all([...processes.values()].map((each) => each.stop()));
    await stack.stop();
  }

  try {
    if (options.singleProcess) {
      inProcess = await startInProcess(names, { ...tracingFrom(options.processEnvironment), ...environment });
    } else {
      await Promise.all(
        names.map(async (name) => {
          processes.set(name, await startProcess(name, { stateDir, portBase, report, environment }));
        }),
      );
    }
    await untilReady(url('charter'));
    await options.whenCharterReady?.(url);
    await Promise.all(names.map((name) => untilReady(url(name))));
    report(`${String(names.length)} services are ready${options.singleProcess ? ' in this process' : ''}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stack, environment, url, process: (name) => processes.get(name), stop };
}

/** OpenTelemetry's own variables, which services in processes of their own inherit. */
const tracingFrom = (environment: InstallationOptions['processEnvironment']) =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => name.startsWith('OTEL_')));

function startProcess(
  name: ServiceName,
  context: { stateDir: string; portBase: number; report: Report; environment: Record<string, string> },
): Promise<SupervisedProcess> {
  const { stateDir, portBase, report, environment } = context;
  return superviseProcess({
    name,
    command: process.execPath,
    args: [mainOf(name)],
    env: environment,
    stateDir,
    report,
    probe: httpProbe(`${urlFor(name, portBase)}/health`),
    readyTimeoutMs: readyMs,
  });
}

async function untilReady(url: string): Promise<void> {
  let reason = 'no answer';
  await until(
    async () => {
      const response = await fetch(`${url}/ready`).catch(() => null);
      if (response && !response.ok) reason = await response.text();
      return response?.ok === true;
    },
    { timeoutMs: readyMs, missing: () => `${url} is not ready: ${reason}` },
  );
}
