import { isDeepStrictEqual } from 'node:util';
import { type Closeable, everyInterval, type Log } from '@charter/service';
import { CharterError } from '@charter/shared/contracts';
import type { Store, Tx } from '@charter/store';
import { sql } from 'kysely';
import { appendAudit } from '../../adapters/audit-log.ts';
import { lockGovernance, raiseGeneration } from '../../adapters/generation.ts';
import type { CharterTables } from '../../tables.ts';
import { actuate, type ComponentOrder, type Undo } from '../domain/actuate.ts';
import {
  CommitteeSpec,
  type ComponentName,
  type ComponentSpecs,
  EvaluationSpec,
  initialSpecs,
  type Operation,
} from '../domain/component-spec.ts';

/** What an actuator answers. */
export interface Actuated {
  readonly component: ComponentName;
  readonly operation: Operation;
  readonly effectiveAt: string;
  readonly previous: ComponentSpecs[ComponentName];
  readonly current: ComponentSpecs[ComponentName];
  readonly undo: Undo | null;
}

/** Who acts: automation by key and token, people without. */
export interface Actor {
  readonly by: string;
  readonly keyed: { readonly idempotencyKey: string; readonly fencingToken: number } | null;
}

export type ComponentState = {
  readonly [Name in ComponentName]: { readonly spec: ComponentSpecs[Name]; readonly restarts: number };
};

const pollMs = 1_000;
/** How long a repeat of a key is recognized. */
const keptDays = 30;

/** Settings of the Charter's own components, the same on every replica. */
export async function componentLog(store: Store<CharterTables>, log: Log, onRestart: (name: ComponentName) => void) {
  let state: ComponentState = await read();

  async function read(): Promise<ComponentState> {
    const rows = await store.db.selectFrom('component').select(['name', 'spec', 'restarts']).execute();
    const row = (name: ComponentName) => rows.find((candidate) => candidate.name === name);
    const [evaluation, committee] = [row('evaluation'), row('committee')];
    return {
      evaluation: {
        spec: evaluation ? evaluationFrom(evaluation.spec, Date.now()) : initialSpecs.evaluation,
        restarts: evaluation?.restarts ?? 0,
      },
      committee: {
        spec: committee ? CommitteeSpec.parse(JSON.parse(committee.spec)) : initialSpecs.committee,
        restarts: committee?.restarts ?? 0,
      },
    };
  }

  let underWay: Promise<void> = Promise.resolve();
  function refresh(): Promise<void> {
    const next = underWay.then(async () => {
      const before = state;
      state = await read();
      for (const name of ['evaluation', 'committee'] as const) {
        if (state[name].restarts !== before[name].restarts) onRestart(name);
      }
    });
    underWay = next.catch(() => undefined);
    return next;
  }
  const polling: Closeable & { close(): Promise<void> } = everyInterval(pollMs, refresh, (error) =>
    log.error({ err: error }, 'settings of components could not be read; the last ones stay'),
  );

  return {
    spec: <Name extends ComponentName>(name: Name): ComponentSpecs[Name] => state[name].spec,
    restarts: (name: ComponentName): number => state[name].restarts,
    refresh,
    /**
     * Changes a component, once per key. Throws `conflict` when the key was used for something else,
     * `fencing-token-stale` for an old token, `request-invalid` for what the component cannot do.
     */
    async apply(name: ComponentName, order: ComponentOrder, actor: Actor): Promise<Actuated> {
      const answer = await store.transaction((tx) => change(tx, name, order, actor));
      await refresh();
      return answer;
    },
    /** Forgets effects that nobody repeats any more. */
    async trim(): Promise<void> {
      await store.db
        .deleteFrom('component_effect')
        .where('at', '<', sql<Date>`now() - make_interval(days => ${keptDays})`)
        .execute();
    },
    close: () => polling.close(),
  };
}
export type ComponentLog = Awaited<ReturnType<typeof componentLog>>;

/** A bypass that is over reads as none. */
function evaluationFrom(text: string, now: number): EvaluationSpec {
  const spec = EvaluationSpec.parse(JSON.parse(text));
  const isOver = spec.bypassUntil !== null && Date.parse(spec.bypassUntil) <= now;
  return isOver ? { ...spec, bypassUntil: null } : spec;
}

async function change(
  tx: Tx<CharterTables>,
  name: ComponentName,
  order: ComponentOrder,
  { by, keyed }: Actor,
): Promise<Actuated> {
  const { operation, ...parameters } = order;
  const reloadsPolicies = name === 'evaluation' && operation === 'restart';
  if (reloadsPolicies) await lockGovernance(tx);
  await tx.db
    .insertInto('component')
    .values({ name, spec: JSON.stringify(initialSpecs[name]), changed_by: by })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await tx.db
    .selectFrom('component')
    .selectAll()
    .where('name', '=', name)
    .forUpdate()
    .executeTakeFirstOrThrow();
  if (keyed !== null) {
    const known = await tx.db
      .selectFrom('component_effect')
      .selectAll()
      .where('idempotency_key', '=', keyed.idempotencyKey)
      .executeTakeFirst();
    if (known) {
      const isSame =
        known.component === name &&
        known.operation === operation &&
        isDeepStrictEqual(JSON.parse(known.parameters), parameters);
      if (isSame) return JSON.parse(known.answer) as Actuated;
      throw new CharterError('conflict', `Idempotency key ${keyed.idempotencyKey} was used for another request`);
    }
    if (keyed.fencingToken < Number(row.fencing_token)) {
      const detail = `Fencing token ${String(keyed.fencingToken)} for ${name} is older than ${row.fencing_token}`;
      throw new CharterError('fencing-token-stale', detail);
    }
  }
  const { now } = await tx.db.selectNoFrom(sql<Date>`clock_timestamp()`.as('now')).executeTakeFirstOrThrow();
  const previous =
    name === 'evaluation' ? evaluationFrom(row.spec, now.getTime()) : CommitteeSpec.parse(JSON.parse(row.spec));
  const done = actuate(name, previous, order, now.getTime());
  if (!done.ok) {
    throw new CharterError('request-invalid', done.detail, { errors: [{ pointer: '', detail: done.detail }] });
  }
  await tx.db
    .updateTable('component')
    .set({
      spec: JSON.stringify(done.spec),
      changed_by: by,
      changed_at: now,
      ...(done.isRestart ? { restarts: row.restarts + 1 } : {}),
      ...(keyed === null ? {} : { fencing_token: String(keyed.fencingToken) }),
    })
    .where('name', '=', name)
    .execute();
  const answer: Actuated = {
    component: name,
    operation,
    effectiveAt: now.toISOString(),
    previous,
    current: done.spec,
    undo: done.undo,
  };
  if (keyed !== null) await keepAnswer(tx, answer, parameters, keyed);
  if (reloadsPolicies) await raiseGeneration(tx);
  await appendAudit(tx, [
    {
      actor: by,
      action: `component.${operation}`,
      subject: name,
      data: { parameters, idempotencyKey: keyed?.idempotencyKey ?? null, fencingToken: keyed?.fencingToken ?? null },
    },
  ]);
  return answer;
}

async function keepAnswer(
  tx: Tx<CharterTables>,
  answer: Actuated,
  parameters: object,
  { idempotencyKey, fencingToken }: NonNullable<Actor['keyed']>,
): Promise<void> {
  const kept = await tx.db
    .insertInto('component_effect')
    .values({
      idempotency_key: idempotencyKey,
      component: answer.component,
      operation: answer.operation,
      parameters: JSON.stringify(parameters),
      fencing_token: String(fencingToken),
      answer: JSON.stringify(answer),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('idempotency_key')
    .executeTakeFirst();
  if (!kept) throw new CharterError('conflict', `Idempotency key ${idempotencyKey} was used for another request`);
}
