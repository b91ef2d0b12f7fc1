import type { Override, OverrideLayer } from '@charter/policy';
import { compileOverrides } from '@charter/policy';
import { type Closeable, everyInterval, type Log } from '@charter/service';
import { type ActivePack, AutomationMode, Window } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import type { AutomationGrant } from '../domain/automation.ts';
import { handedOutPack } from '../domain/handed-out-pack.ts';
import type { Governing } from '../domain/judge.ts';
import type { CharterTables } from '../tables.ts';
import { activeSet } from './active-set.ts';
import { readGeneration } from './generation.ts';
import type { PackShelf } from './pack-shelf.ts';
import type { PolicyReader } from './policy-reader.ts';

/** What governs now, with what else clients ask of it. */
export interface GoverningNow extends Governing {
  readonly generation: string;
  readonly pack: ActivePack | null;
  /** The same with the windows that people opened by hand: what other services get. */
  readonly handedOut: ActivePack | null;
  readonly policyIds: readonly string[];
}

export interface GovernanceOptions {
  readonly store: Store<CharterTables>;
  readonly packs: PackShelf;
  readonly reader: PolicyReader;
  readonly environment: string;
  readonly log: Log;
  /** The overrides in force, asked at every load; their own times end them between loads. */
  readonly overrides: () => Promise<readonly Override[]>;
  /** Told of every load: how long it took, in seconds, and what it found. */
  readonly onLoad: (seconds: number, loaded: GoverningNow) => void;
}

/** How soon a change made by another replica holds here. */
const pollMs = 500;
/** Policies are loaded and compiled again at least this often, changed or not. */
const verifyMs = 6 * 3_600_000;

/** Keeps what governs decisions in memory; a load that fails leaves the last good one in force. */
export async function governance(options: GovernanceOptions) {
  const { store, packs, environment, log, onLoad } = options;
  let loadedAt = performance.now();
  let current = await load();

  async function load(): Promise<GoverningNow> {
    const startedAt = performance.now();
    const generation = await readGeneration(store);
    const set = await activeSet(store, options.reader, environment);
    await store.db
      .insertInto('policy_set')
      .values({ version: set.version, policy_ids: [...set.ids] })
      .onConflict((conflict) => conflict.column('version').doNothing())
      .execute();
    const pack = await packs.active(environment);
    const standing = await standingWindows(store);
    const loaded: GoverningNow = {
      generation,
      pack,
      handedOut: pack && handedOutPack(pack, standing),
      policyIds: set.ids,
      policyVersion: set.version,
      snapshot: set.snapshot,
      windows: [...windowsOf(pack), ...standing],
      overrides: layerOf(await options.overrides(), log),
      grants: await readGrants(store),
    };
    loadedAt = performance.now();
    onLoad((loadedAt - startedAt) / 1_000, loaded);
    return loaded;
  }

  async function loadIfChanged(): Promise<void> {
    const isOld = performance.now() - loadedAt > verifyMs;
    if (!isOld && (await readGeneration(store)) === current.generation) return;
    current = await load();
  }

  /** One load after the other, so that an older state never comes after a newer one. */
  let underWay: Promise<void> = Promise.resolve();
  function refresh(): Promise<void> {
    const next = underWay.then(loadIfChanged);
    underWay = next.catch(() => undefined);
    return next;
  }

  const polling: Closeable = everyInterval(pollMs, refresh, (error) =>
    log.error({ err: error }, 'what governs could not be loaded; the last good state stays'),
  );
  return {
    current: (): GoverningNow => current,
    /** Takes in a change at once, instead of within the next half second. */
    refresh,
    close: () => polling.close(),
  };
}
export type Governance = Awaited<ReturnType<typeof governance>>;

function windowsOf(pack: ActivePack | null): Window[] {
  return (pack?.documents ?? []).flatMap((document) => {
    const parsed = Window.safeParse(document);
    return parsed.success ? [parsed.data] : [];
  });
}

async function standingWindows(store: Store<CharterTables>): Promise<Window[]> {
  const rows = await store.db
    .selectFrom('time_window')
    .select('body')
    .where('ended_at', 'is', null)
    .orderBy('id')
    .execute();
  return rows.map(({ body }) => Window.parse(JSON.parse(body)));
}

async function readGrants(store: Store<CharterTables>): Promise<AutomationGrant[]> {
  const rows = await store.db.selectFrom('automation').selectAll().execute();
  return rows.map(({ policy, action, target_class, mode, maximum }) => ({
    policy,
    action,
    targetClass: target_class,
    mode: AutomationMode.parse(mode),
    maximum: AutomationMode.parse(maximum),
  }));
}

/** The overrides as one layer; one that is malformed is left out and named, so that it cannot keep the others off. */
function layerOf(overrides: readonly Override[], log: Log): OverrideLayer {
  const whole = compileOverrides(overrides);
  if (whole.ok) return whole.layer;
  log.error({ errors: whole.errors }, 'overrides that cannot be used are left out');
  const refused = new Set(whole.errors.map(({ id }) => id));
  const rest = compileOverrides(overrides.filter(({ id }) => !refused.has(id)));
  return rest.ok ? rest.layer : [];
}
