import {
  createExecuteMetrics,
  defaultSettings,
  type Effector,
  type ExecuteDeps,
  type ExecuteStore,
  type ExecuteTables,
  executeMigrations,
  monotonicClock,
  recordExecution,
  startRunner,
} from '@charter/app-execute/embedding';
import { createRegistry } from '@charter/service';
import { type Plan, Target } from '@charter/shared/contracts';
import { startTestPostgres } from '@charter/stack/testing';
import { newId, openStore } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { sql } from 'kysely';
import pg from 'pg';
import type { BenchRow } from '../bench-row.ts';

const connections = 12;
const concurrency = 64;
const targetPerSecond = 500;

export interface Amounts {
  readonly warmUp: number;
  readonly measured: number;
}

interface Rates {
  /** From the claim to the outcome. */
  readonly carriedOut: number;
  /** From the plan's arrival to the outcome. */
  readonly withArrival: number;
}

/**
 * Executions a second through the real runner and journal on a Postgres that syncs, with a target that answers at once,
 * beside a loop that only inserts rows on as many connections: claim, gates, intent, start, effect, result, three
 * samples, verdict, outcome and timeline; with the arrival of the plan and without.
 */
export async function measureExecutions(amounts: Amounts): Promise<BenchRow[]> {
  await using postgres = await startTestPostgres({ durable: true });
  const database = await createTestDatabase(postgres.url);
  const { carriedOut, withArrival } = await executionsPerSecond(database.url, amounts);
  const inserts = await insertsPerSecond(database.url);
  const row = (name: string, value: number): BenchRow => ({
    name,
    value,
    unit: '1/s',
    better: 'higher',
    reference: { name: 'bare inserts of one row each', value: inserts },
    ratio: value / inserts,
    target: `> ${String(targetPerSecond)}/s`,
  });
  return [
    row(`executions journalled, ${String(concurrency)} side by side`, carriedOut),
    row('executions journalled, their arrival too', withArrival),
  ];
}

async function executionsPerSecond(url: string, { warmUp, measured }: Amounts): Promise<Rates> {
  const store = await openStore<ExecuteTables>({
    url,
    schema: 'execute',
    migrations: executeMigrations,
    poolSize: connections,
  });
  const world = worldOf(store);
  const nextPlan = plansOver(8 * concurrency);
  const runner = startRunner(world.deps, 'bench');
  const timed = async (count: number, work: () => Promise<void>): Promise<number> => {
    const before = await endedIn(store);
    const begun = performance.now();
    await work();
    while ((await endedIn(store)) < before + count) await monotonicClock.wait(20);
    return count / ((performance.now() - begun) / 1_000);
  };
  try {
    await timed(warmUp, () => arrive(store, nextPlan, warmUp, runner.wake));
    const withArrival = await timed(measured, () => arrive(store, nextPlan, measured, runner.wake));
    const release = await holdBack(store, nextPlan, measured);
    const carriedOut = await timed(measured, async () => {
      await release();
      runner.wake();
    });
    if (world.errors.length > 0) throw world.errors[0];
    await check(store, warmUp + 2 * measured, world.effects());
    return { carriedOut, withArrival };
  } finally {
    await runner.close();
    await store.close();
  }
}

/** Plans arrive on all connections, as fast as they are taken in; a target's next plan only once its last one is over. */
async function arrive(store: ExecuteStore, nextPlan: () => Plan, count: number, wake: () => void): Promise<void> {
  const before = await endedIn(store);
  for (let sent = 0; sent < count; ) {
    const room = Math.min(count - sent, 2 * concurrency - (sent - ((await endedIn(store)) - before)));
    if (room <= 0) await monotonicClock.wait(10);
    else {
      await Promise.all(Array.from({ length: room }, () => record(store, nextPlan())));
      sent += room;
      wake();
    }
  }
}

/** Plans that have arrived but are not due; answers how to let all of them go, in the order of their arrival. */
async function holdBack(store: ExecuteStore, nextPlan: () => Plan, count: number): Promise<() => Promise<unknown>> {
  for (let sent = 0; sent < count; sent += connections) {
    await Promise.all(
      Array.from({ length: Math.min(connections, count - sent) }, () => record(store, nextPlan(), 3_600)),
    );
  }
  return () => sql`update execute.execution set next_at = created_at where state = 'pending'`.execute(store.db);
}

async function record(store: ExecuteStore, plan: Plan, dueSeconds = 0): Promise<void> {
  await store.transaction(async (tx) => {
    const { id } = await recordExecution(tx, plan, { deadlineAt: new Date(plan.expiresAt) });
    if (dueSeconds > 0)
      await sql`
        update execute.execution set next_at = now() + make_interval(secs => ${dueSeconds})
        where id = ${id}`.execute(tx.db);
  });
}

async function endedIn(store: ExecuteStore): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from execute.execution where state not in ('pending', 'in_progress')`.execute(
    store.db,
  );
  return rows[0]?.count ?? 0;
}

/** A figure counts only when every execution was verified, had one effect, and told one outcome. */
async function check(store: ExecuteStore, expected: number, effects: number): Promise<void> {
  const { rows } = await sql<{ healed: number; outcomes: number; lines: number }>`
    select (select count(*)::int from execute.execution where state = 'completed' and outcome_type = 'success') as healed,
      (select count(*)::int from transport.outbox where queue = 'outcomes') as outcomes,
      (select count(*)::int from execute.journal) as lines`.execute(store.db);
  const [seen] = rows;
  if (seen?.healed !== expected || seen.outcomes !== expected || effects !== expected || seen.lines < 5 * expected)
    throw new Error(`Of ${String(expected)} executions: ${JSON.stringify({ ...seen, effects })}`);
}

/** Everybody an executor asks, answering at once; the journal alone is real. */
function worldOf(store: ExecuteStore): { deps: ExecuteDeps; effects: () => number; errors: unknown[] } {
  const replicas = new Map<string, number>();
  const targets = new Map<string, Target>();
  const find = (name: string): Target => {
    const known = targets.get(name) ?? targetOf(name);
    targets.set(name, known);
    return known;
  };
  let effects = 0;
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
    targets: { find, all: () => [] },
    effectors: { of: async ({ metadata }) => effectorOf(metadata.name) },
    clock: monotonicClock,
    metrics: createExecuteMetrics(createRegistry('execute')),
    checkpoint: async () => undefined,
    ownUrls: [],
    onError: (error) => void errors.push(error),
  };
  return { deps, effects: () => effects, errors };
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

/** Plans over a number of targets in turn; each is violated until it has as many replicas as its plan's generation. */
function plansOver(targets: number): () => Plan {
  let made = 0;
  return () => {
    const plan = planOf(`target-${String(made % targets)}`, 1 + Math.floor(made / targets));
    made += 1;
    return plan;
  };
}

function planOf(target: string, generation: number): Plan {
  const at = Date.now();
  return {
    id: newId(),
    incidentId: newId(),
    analysisId: newId(),
    environment: 'production',
    strategy: 'add-capacity',
    rootCause: { component: target, metric: 'saturation', confidence: 0.9 },
    actions: [
      {
        id: 'step-1',
        action: 'SCALE_UP',
        target,
        parameters: { replicas: generation },
        dependsOn: [],
        cost: 0.15,
        risk: 0.15,
        reversible: true,
        delaySeconds: 0,
        timeoutSeconds: 5,
      },
    ],
    priority: 'high',
    benefit: 0.8,
    cost: 0.15,
    risk: 0.15,
    utility: 0.5,
    alternatives: [],
    reasons: ['latency is above its threshold'],
    mode: 'auto',
    approval: 'auto_approved',
    obligations: {},
    decisionIds: [],
    verification: {
      signals: [
        {
          role: 'violated',
          fingerprint: null,
          rule: 'latency',
          component: target,
          metric: 'latency_p95',
          query: String(generation),
          comparator: '>',
          threshold: 1,
          before: 2,
        },
      ],
      delaySeconds: 0,
      samples: 3,
      intervalSeconds: 0.001,
      windowSeconds: 30,
    },
    hash: newId(),
    generations: { [target]: generation },
    createdAt: new Date(at).toISOString(),
    expiresAt: new Date(at + 3_600_000).toISOString(),
  };
}

/** One row of the journal's size an insert, each its own transaction, on as many connections. */
async function insertsPerSecond(url: string): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  pool.on('error', () => undefined); // the server is stopped right after
  const count = 10_000;
  try {
    await pool.query(
      'create table bare (id bigint generated always as identity primary key, at timestamptz default now(), kind text, text text, data jsonb)',
    );
    const data = JSON.stringify({ target: 'web', fencingToken: 1, guarantee: 'keyed' });
    let left = count;
    const insert = async (): Promise<void> => {
      while (left-- > 0)
        await pool.query('insert into bare (kind, text, data) values ($1, $2, $3)', [
          'intent',
          'scale web to 6 replicas',
          data,
        ]);
    };
    const begun = performance.now();
    await Promise.all(Array.from({ length: connections }, insert));
    return count / ((performance.now() - begun) / 1_000);
  } finally {
    await pool.end();
  }
}
