import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  activateDemoPack,
  callService,
  type Installation,
  type InstallationOptions,
  startInstallation,
} from '@charter/launcher';
import { isPortFree } from '@charter/stack';

/** What the testbed says of a component. */
export interface ComponentState {
  readonly healthy: boolean;
  readonly replicas: number;
}

/** An actuation that took effect: the oracle of "exactly once". */
export interface Effect {
  readonly idempotencyKey: string;
  readonly action: string;
  readonly component: string;
  readonly parameters: Record<string, unknown>;
}

export interface Outcome {
  readonly id: string;
  readonly incidentId: string;
  readonly component: string;
  readonly type: string;
  readonly executed: boolean;
  readonly disposition: string;
  readonly strategy: string;
  readonly reason: string;
  readonly actions: ReadonlyArray<{ readonly action: string; readonly target: string }>;
}

export interface Incident {
  readonly id: string;
  readonly component: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly mergedInto: string | null;
  readonly timeline: ReadonlyArray<{
    readonly stage: string;
    readonly event: string;
    readonly at: string;
    readonly text: string;
  }>;
}

/** A whole Charter with its demo target on ports of its own, and what a visitor would ask it. */
export interface RunningLoop {
  readonly installation: Installation;
  components(): Promise<Record<string, ComponentState>>;
  effects(): Promise<Effect[]>;
  outcomes(): Promise<Outcome[]>;
  incident(id: string): Promise<Incident>;
  incidents(): Promise<Incident[]>;
  break(fault: { kind: string; component: string; intensity: number; durationSeconds: number }): Promise<string>;
  repair(faultId: string): Promise<void>;
  stop(): Promise<void>;
}

export type LoopOptions = Partial<
  Pick<InstallationOptions, 'singleProcess' | 'cycleInterval' | 'settings' | 'without' | 'report'>
>;

/** A whole heal may take this long on a slow machine; it is a bound, not a wait. */
export const healMs = 90_000;

/** Distance between the port bases of two loops: no port of one meets a port of the other. */
const portStep = 100;

/**
 * One fault after the other looks like flapping, which would hold each violation for a minute, and like a relapse, which
 * would teach that the remedy did not help; and an incident is over sooner.
 */
const trialSettings = {
  MONITOR_FLAP_TRANSITIONS: '1000',
  MONITOR_INCIDENT_QUIET: '5s',
  KNOWLEDGE_RELAPSE_WINDOW: '1s',
};

/** Starts one, in a folder of its own that goes when it stops. */
export async function startLoop(options: LoopOptions = {}): Promise<RunningLoop> {
  const stateDir = await mkdtemp(join(tmpdir(), 'charter-loop-'));
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
    settings: {
      CHARTER_AUTOMATION: 'auto',
      MONITOR_RENOTIFY: '5s',
      ...trialSettings,
      LOG_LEVEL: 'error',
      ...options.settings,
    },
  });
  const { url } = installation;
  await watchHealthySystem(installation);
  const get = <Body>(service: Parameters<typeof url>[0], path: string) =>
    callService<Body>(`${url(service)}/api/v1/${path}`);
  const items = async <Item>(service: Parameters<typeof url>[0], path: string) =>
    (await get<{ items: Item[] }>(service, path)).items;
  return {
    installation,
    components: async () => (await get<{ components: Record<string, ComponentState> }>('testbed', 'state')).components,
    effects: () => items<Effect>('testbed', 'effects'),
    outcomes: () => items<Outcome>('knowledge', 'outcomes?limit=200'),
    incident: (id) => get<Incident>('orchestrator', `incidents/${id}`),
    incidents: () => items<Incident>('orchestrator', 'incidents?limit=200'),
    async break(fault) {
      const { id } = await callService<{ id: string }>(`${url('testbed')}/api/v1/faults`, {
        method: 'POST',
        body: fault,
      });
      return id;
    },
    async repair(faultId) {
      await fetch(`${url('testbed')}/api/v1/faults/${faultId}`, { method: 'DELETE' });
    },
    async stop() {
      await installation.stop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

/** Samples of the healthy system that analysis gets to compare with, one a second. */
const healthySamples = 25;
const watchMs = 120_000;

/** A fault in the first second has no before to compare with: every trial begins with one. */
async function watchHealthySystem({ stack }: Installation): Promise<void> {
  const query = `count_over_time(testbed_replicas_ready{component="gateway"}[5m]) >= ${String(healthySamples)}`;
  const deadline = performance.now() + watchMs;
  while (performance.now() < deadline) {
    const url = `${stack.urls.prometheus}/api/v1/query?query=${encodeURIComponent(query)}`;
    const { data } = await callService<{ data: { result: unknown[] } }>(url);
    if (data.result.length > 0) return;
    await new Promise((next) => setTimeout(next, 250));
  }
  throw new Error('Prometheus collects nothing from the testbed');
}

/** Ports below those the system gives to outgoing connections: 5432 + base … 9093 + base. */
async function freePortBase(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const base = 12_000 + portStep * Math.floor(Math.random() * 110);
    const ports = [5432, 6379, 8000, 8001, 8002, 8003, 8004, 8005, 8006, 8010, 8080, 9090, 9093].map(
      (port) => port + base,
    );
    const free = await Promise.all(ports.map(isPortFree));
    if (free.every(Boolean)) return base;
  }
  throw new Error('no free ports for another loop');
}
