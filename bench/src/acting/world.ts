import {
  createExecuteMetrics,
  defaultSettings,
  type Effector,
  type ExecuteDeps,
  type ExecuteStore,
  monotonicClock,
} from '@charter/app-execute/embedding';
import { createRegistry } from '@charter/service';
import { Target } from '@charter/shared/contracts';
import { newId } from '@charter/store';

export interface World {
  readonly deps: ExecuteDeps;
  readonly effects: () => number;
  readonly ended: () => number;
  readonly errors: unknown[];
}

/** Everybody an executor asks, answering at once; the journal alone is real. */
export function worldOf(store: ExecuteStore, concurrency: number): World {
  const replicas = new Map<string, number>();
  const targets = new Map<string, Target>();
  const find = (name: string): Target => {
    const known = targets.get(name) ?? targetOf(name);
    targets.set(name, known);
    return known;
  };
  let effects = 0;
  let ended = 0;
  const metrics = createExecuteMetrics(createRegistry('execute'));
  const errors: unknown[] = [];
  const effectorOf = (name: string): Effector => ({
    kind: 'bench',
    guarantee: 'keyed',
    async apply({ call }) {
      effects += 1;
      if (typeof call.body.replicas === 'number') replicas.set(name, call.body.replicas);
      return { kind: 'applied' };
    },
    readSpec: async () => ({ replicas: replicas.get(name) ?? 0 }),
    isReady: async () => true,
    isApplied: async ({ body }) => body.replicas === replicas.get(name),
    preview: ({ body }) => ({ method: 'SET', url: name, body }),
  });
  const unlimited = Number.MAX_SAFE_INTEGER;
  const budget = {
    windowSeconds: 3_600,
    risk: { target: unlimited, group: unlimited, global: unlimited },
    actions: { policy: unlimited, group: unlimited, global: unlimited },
  };
  const deps: ExecuteDeps = {
    store,
    settings: { ...defaultSettings, concurrency, budget },
    environment: 'production',
    permits: {
      async request() {
        const at = Date.now();
        const [issuedAt, expiresAt] = [new Date(at).toISOString(), new Date(at + 5_000).toISOString()];
        return { granted: true, reason: null, paused: [], issuedAt, expiresAt };
      },
    },
    localPause: { isPaused: async () => false },
    decisions: {
      decide: async () => ({
        effect: 'allow',
        reasons: [{ policy: 'bench', rule: 'allow', line: 1, effect: 'allow', text: 'allowed' }],
        obligations: {},
        automation: 'auto',
        policyVersion: '1',
        decisionId: newId(),
        decidedAt: new Date().toISOString(),
      }),
      approvalOf: async () => null,
    },
    signals: {
      read: async ({ component, query }) => ({
        kind: 'value',
        value: String(replicas.get(component)) === query ? 0.1 : 2,
      }),
    },
    violations: { find: async () => null, firingComponents: async () => new Set() },
    targets: { isKnown: () => true, find, all: () => [] },
    effectors: { of: async ({ metadata }) => effectorOf(metadata.name) },
    clock: monotonicClock,
    metrics: {
      ...metrics,
      ended(state, seconds) {
        metrics.ended(state, seconds);
        ended += 1;
      },
    },
    checkpoint: async () => undefined,
    ownUrls: [],
    onError: (error) => void errors.push(error),
  };
  return { deps, effects: () => effects, ended: () => ended, errors };
}

const targetOf = (name: string): Target =>
  Target.parse({
    apiVersion: 'charter/v1',
    kind: 'Target',
    metadata: { name },
    effector: { kind: 'testbed', url: 'http://127.0.0.1:1', component: name },
    actions: ['SCALE_UP'],
    limits: { maxReplicas: 100_000, actionsPerHour: 1_000_000, cooldown: '0s' },
  });
