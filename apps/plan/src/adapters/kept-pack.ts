import type { CharterClient, PackLog } from '@charter/shared/charter-client';
import { followPack, type PackParts, type ParsedPack } from '@charter/shared/charter-client';
import type { Store } from '@charter/store';
import type { ActivePackSource, PlanningPack } from '../ports.ts';
import type { PlanTables } from './tables.ts';

/** The active pack of the charter, and the last good one while the charter is away, across restarts too. */
export interface KeptPack extends ActivePackSource {
  refresh(): Promise<void>;
  ready(): Promise<void>;
  close(): Promise<void>;
}

type Parts = Pick<PackParts, 'rules' | 'targets' | 'strategies'>;

export async function keptPack(
  store: Store<PlanTables>,
  client: Pick<CharterClient, 'activePack'>,
  log?: PackLog,
): Promise<KeptPack> {
  let kept = await load(store);
  const followed = followPack({
    client,
    async onPack(pack) {
      await save(store, pack);
      kept = planningPack(pack);
    },
    ...(log ? { log } : {}),
  });
  return {
    current: () => kept,
    refresh: () => followed.refresh(),
    ready: () => (kept ? Promise.resolve() : followed.ready()),
    close: () => followed.close(),
  };
}

const planningPack = ({ rules, targets, strategies }: Parts): PlanningPack => ({
  rules: new Map(rules.map((rule) => [rule.metadata.name, rule])),
  targets: new Map(targets.map((target) => [target.metadata.name, target])),
  strategies,
});

/** Parsed documents have seconds where written ones have durations: they go in and out as they are. */
async function save(store: Store<PlanTables>, { rules, targets, strategies }: ParsedPack): Promise<void> {
  const content = JSON.stringify({ rules, targets, strategies });
  await store.db
    .insertInto('pack')
    .values({ content })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ content, kept_at: new Date() }))
    .execute();
}

async function load(store: Store<PlanTables>): Promise<PlanningPack | null> {
  const row = await store.db.selectFrom('pack').select('content').executeTakeFirst();
  return row ? planningPack(row.content as Parts) : null;
}
