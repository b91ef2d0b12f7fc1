import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPortFree, defaultPorts as serverPorts } from '@charter/stack';
import { activateDemoPack } from './demo-pack.ts';
import { type Installation, type InstallationOptions, startInstallation } from './installation.ts';
import { callService } from './service-api.ts';
import { portFor, serviceNames } from './services.ts';
import { until } from './until.ts';

export type TrialOptions = Partial<
  Pick<InstallationOptions, 'singleProcess' | 'cycleInterval' | 'settings' | 'without' | 'report'>
>;

/** Distance between the port bases of two trials: no port of one meets a port of the other. */
const portStep = 100;
const ports = [...Object.values(serverPorts), ...serviceNames.map((name) => portFor(name, 0))];

/**
 * One fault after the other looks like flapping, which would hold each violation for a minute, and like a relapse, which
 * would teach that the remedy did not help; and an incident is over sooner.
 */
const trialSettings = {
  LOG_LEVEL: 'error',
  CHARTER_AUTOMATION: 'auto',
  MONITOR_RENOTIFY: '5s',
  MONITOR_FLAP_TRANSITIONS: '1000',
  MONITOR_INCIDENT_QUIET: '5s',
  KNOWLEDGE_RELAPSE_WINDOW: '1s',
};

/** A whole Charter with its demo target, on ports and in a folder of its own, to open fault after fault in. */
export async function startTrial(options: TrialOptions = {}): Promise<Installation> {
  const stateDir = await mkdtemp(join(tmpdir(), 'charter-trial-'));
  const forget = () => rm(stateDir, { recursive: true, force: true });
  try {
    const installation = await startInstallation({
      stateDir,
      portBase: await freePortBase(),
      cycleInterval: '1s',
      demo: false,
      singleProcess: true,
      external: {},
      report: () => undefined,
      environmentName: 'demo',
      processEnvironment: {},
      whenCharterReady: async (url) => void (await activateDemoPack(url('charter'), url('testbed'))),
      ...options,
      settings: { ...trialSettings, ...options.settings },
    });
    return {
      ...installation,
      async stop() {
        await installation.stop();
        await forget();
      },
    };
  } catch (error) {
    await forget();
    throw error;
  }
}

/** Samples of the healthy system that analysis gets to compare with, one a second. */
const healthySamples = 25;
const healthyMs = 120_000;

/** A fault in the first second has no before to compare with: every trial begins with one. */
export async function watchHealthySystem({ stack }: Installation): Promise<void> {
  const query = `count_over_time(testbed_replicas_ready{component="gateway"}[5m]) >= ${String(healthySamples)}`;
  const url = `${stack.urls.prometheus}/api/v1/query?query=${encodeURIComponent(query)}`;
  await until(async () => (await callService<{ data: { result: unknown[] } }>(url)).data.result.length > 0, {
    timeoutMs: healthyMs,
    missing: () => 'Prometheus collects nothing from the testbed',
  });
}

/** The whole system well again and every incident over: the next fault meets a system at rest. */
export async function untilAtRest(installation: Installation, timeoutMs: number): Promise<void> {
  let restless = 'no answer';
  await until(
    async () => {
      restless = await whatIsRestless(installation).catch((error: unknown) => String(error)); // a service may be restarting
      return restless === '';
    },
    { timeoutMs, missing: () => `The system did not come to rest: ${restless}` },
  );
}

async function whatIsRestless({ url }: Installation): Promise<string> {
  const { components } = await callService<{ components: Record<string, { healthy: boolean }> }>(
    `${url('testbed')}/api/v1/state`,
  );
  const { items } = await callService<{ items: Array<{ id: string; state: string }> }>(
    `${url('orchestrator')}/api/v1/incidents?limit=200`,
  );
  const sick = Object.keys(components).filter((name) => components[name]?.healthy !== true);
  const open = items.filter(({ state }) => state !== 'resolved' && state !== 'merged').map(({ id }) => id);
  return [...sick.map((name) => `${name} is not healthy`), ...open.map((id) => `incident ${id} is open`)].join(', ');
}

/** Ports below those the system gives to outgoing connections: 5432 + base … 9093 + base. */
export async function freePortBase(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const base = 12_000 + portStep * Math.floor(Math.random() * 110);
    const free = await Promise.all(ports.map((port) => isPortFree(port + base)));
    if (free.every(Boolean)) return base;
  }
  throw new Error('no free ports for another trial');
}
