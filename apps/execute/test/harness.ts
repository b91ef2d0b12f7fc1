import { createPrometheus } from '@charter/prometheus';
import { createRegistry } from '@charter/service';
import { createCharterClient } from '@charter/shared/charter-client';
import { Outcome, Plan, type Target, TimelineEntry } from '@charter/shared/contracts';
import { openStore } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { charterDecisions } from '../src/adapters/charter-decisions.ts';
import { createEffectors } from '../src/adapters/effectors/effectors.ts';
import {
  type ExecuteStore,
  findExecution,
  journalOf,
  recordExecution,
  stepsOf,
} from '../src/adapters/execution-records.ts';
import { monitorViolations } from '../src/adapters/monitor-violations.ts';
import { monotonicClock } from '../src/adapters/monotonic-clock.ts';
import { orchestratorPermits } from '../src/adapters/orchestrator-permits.ts';
import { prometheusSignals } from '../src/adapters/prometheus-signals.ts';
import type { ExecuteTables, ExecutionRow } from '../src/adapters/tables.ts';
import { isOver } from '../src/domain/execution.ts';
import { defaultSettings, type ExecuteSettings } from '../src/domain/settings.ts';
import { createExecuteMetrics } from '../src/metrics.ts';
import { executeMigrations } from '../src/migrations.ts';
import type { CheckpointName } from '../src/ports.ts';
import type { ExecuteDeps } from '../src/workers/deps.ts';
import { type Runner, startRunner } from '../src/workers/runner.ts';
import { startStandIn } from './stand-in.ts';

/** Everything faster than in real life, nothing else different. */
export const fastSettings: ExecuteSettings = {
  ...defaultSettings,
  leaseSeconds: 0.8,
  targetLeaseSeconds: 5,
  pollSeconds: 0.03,
  holdRetrySeconds: 0.03,
  holdLimitSeconds: 0.4,
  cooldownSeconds: 0,
  executionSlackSeconds: 20,
};

/** One executor of several that share a database. */
export interface Executor extends Runner {
  /** Nothing of it moves on from here, as after SIGKILL or SIGSTOP; its claims run out. */
  freeze(): void;
  /** It goes on where it stood, as after SIGCONT. */
  thaw(): void;
}

export interface ExecutorOptions {
  /** Freezes by itself when it gets there. */
  readonly freezeAt?: CheckpointName | ((point: CheckpointName, executionId: string) => Promise<boolean>);
  readonly settings?: Partial<ExecuteSettings>;
  readonly deps?: Partial<ExecuteDeps>;
}

/** A database and the world around execute, with as many executors as a test starts. */
export async function createHarness(postgresUrl: string) {
  const database = await createTestDatabase(postgresUrl);
  const store: ExecuteStore = await openStore<ExecuteTables>({
    url: database.url,
    schema: 'execute',
    migrations: executeMigrations,
  });
  const world = await startStandIn();
  const targets = new Map<string, Target>();
  const executors: Executor[] = [];
  const errors: unknown[] = [];
  const prometheus = createPrometheus({ url: world.url, timeoutMs: 1_000, breakerFailures: 1_000 });
  const violations = monitorViolations({ name: 'monitor', url: world.url });
  const state = { isPausedHere: false, isPackKnown: true };

  function depsFor(settings: ExecuteSettings): ExecuteDeps {
    return {
      store,
      settings,
      environment: 'production',
      permits: orchestratorPermits({ name: 'orchestrator', url: world.url }),
      localPause: { isPaused: async () => state.isPausedHere },
      decisions: charterDecisions(createCharterClient({ url: world.url, timeoutMs: 2_000 })),
      signals: prometheusSignals(prometheus, violations),
      violations,
      targets: {
        isKnown: () => state.isPackKnown,
        find: (name) => targets.get(name) ?? null,
        all: () => [...targets.values()],
      },
      effectors: createEffectors({ apiKey: undefined, secretOf: () => undefined, now: () => Date.now() / 1_000 }),
      clock: monotonicClock,
      metrics: createExecuteMetrics(createRegistry('execute')),
      checkpoint: async () => undefined,
      ownUrls: ['http://127.0.0.1:1'],
      onError: (error) => void errors.push(error),
    };
  }

  function startExecutor({ freezeAt, settings, deps }: ExecutorOptions = {}): Executor {
    let frozen: PromiseWithResolvers<void> | null = null;
    const freeze = (): void => {
      frozen ??= Promise.withResolvers<void>();
    };
    const runner = startRunner(
      {
        ...depsFor({ ...fastSettings, ...settings }),
        clock: {
          now: () => monotonicClock.now(),
          async wait(ms, signal) {
            await frozen?.promise;
            await monotonicClock.wait(ms, signal);
            await frozen?.promise;
          },
        },
        async checkpoint(point, executionId) {
          if (typeof freezeAt === 'function' ? await freezeAt(point, executionId) : point === freezeAt) freeze();
          await frozen?.promise;
        },
        ...deps,
      },
      `executor-${String(executors.length + 1)}`,
    );
    const executor: Executor = {
      ...runner,
      wake: () => {
        if (!frozen) runner.wake();
      },
      freeze,
      thaw() {
        frozen?.resolve();
        frozen = null;
      },
    };
    executors.push(executor);
    return executor;
  }

  return {
    store,
    world,
    targets,
    state,
    errors,
    depsFor,
    startExecutor,
    url: database.url,
    async submit(plan: Plan): Promise<string> {
      Plan.parse(plan);
      const { id } = await store.transaction((tx) =>
        recordExecution(tx, plan, { deadlineAt: new Date(plan.expiresAt) }),
      );
      for (const executor of executors) executor.wake();
      return id;
    },
    async execution(id: string): Promise<ExecutionRow> {
      const row = await findExecution(store.db, id);
      if (!row) throw new Error(`No execution ${id}`);
      return row;
    },
    /** The execution once it is over. */
    async ended(id: string, withinMs = 30_000): Promise<ExecutionRow> {
      const until = performance.now() + withinMs;
      for (;;) {
        const row = await this.execution(id);
        if (isOver(row.state)) return row;
        if (performance.now() > until)
          throw new Error(`${id} is still ${row.state}/${row.phase}: ${row.held_reason ?? ''}`);
        await monotonicClock.wait(15);
      }
    },
    steps: (id: string) => stepsOf(store.db, id),
    journal: (id: string) => journalOf(store.db, id),
    async outcomes(planId: string): Promise<Outcome[]> {
      return (await sent(store, 'outcomes'))
        .map((data) => Outcome.parse(data))
        .filter((each) => each.planId === planId);
    },
    async timeline(incidentId: string): Promise<TimelineEntry[]> {
      return (await sent(store, 'timeline'))
        .map((data) => TimelineEntry.parse(data))
        .filter((each) => each.incidentId === incidentId);
    },
    async close(): Promise<void> {
      for (const executor of executors) executor.thaw();
      await Promise.all(executors.map((executor) => executor.close()));
      await prometheus.close();
      await world.close();
      await store.close();
      await database.drop();
    },
  };
}

export type Harness = Awaited<ReturnType<typeof createHarness>>;

/** Data of what was promised to a queue, oldest first. */
async function sent(store: ExecuteStore, queue: string): Promise<unknown[]> {
  const rows = await store.transport
    .selectFrom('transport.outbox')
    .select('payload')
    .where('queue', '=', queue)
    .orderBy('id')
    .execute();
  return rows.map(({ payload }) => JSON.parse(payload).data);
}
