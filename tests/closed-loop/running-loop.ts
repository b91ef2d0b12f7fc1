import { callService, type Installation, startTrial, type TrialOptions, watchHealthySystem } from '@charter/launcher';

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

/** A whole heal may take this long on a slow machine; it is a bound, not a wait. */
export const healMs = 90_000;

/** Starts one, in a folder of its own that goes when it stops; it has been well for a while. */
export async function startLoop(options: TrialOptions = {}): Promise<RunningLoop> {
  const installation = await startTrial(options);
  await watchHealthySystem(installation);
  const { url } = installation;
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
    stop: () => installation.stop(),
  };
}
