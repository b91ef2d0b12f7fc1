import {
  type CharterClient,
  type FollowedPack,
  followPack,
  type PackLog,
  type ParsedPack,
} from '@charter/shared/charter-client';
import type { Target } from '@charter/shared/contracts';
import type { Targets } from '../ports.ts';
import type { ExecuteStore } from './execution-records.ts';

/** Targets of the active pack, kept so that a restart while the charter is away still knows them. */
export async function followTargets(
  store: ExecuteStore,
  client: Pick<CharterClient, 'activePack'>,
  log: PackLog,
): Promise<Targets & Pick<FollowedPack, 'ready' | 'refresh' | 'close'>> {
  const kept = await store.db.selectFrom('pack').select('content').executeTakeFirst();
  let targets = byName(isKept(kept?.content) ? kept.content.targets : []);
  const followed = followPack({
    client,
    log,
    async onPack(pack: ParsedPack) {
      const content = JSON.stringify({ id: pack.id, version: pack.version, targets: pack.targets });
      await store.db
        .insertInto('pack')
        .values({ content })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ content }))
        .execute();
      targets = byName(pack.targets);
    },
  });
  return {
    find: (name) => targets.get(name) ?? null,
    all: () => [...targets.values()],
    refresh: () => followed.refresh(),
    ready: async () => {
      if (targets.size === 0) await followed.ready();
    },
    close: () => followed.close(),
  };
}

const byName = (targets: readonly Target[]): ReadonlyMap<string, Target> =>
  new Map(targets.map((target) => [target.metadata.name, target]));

/** Our own row: it was written from a parsed pack. */
const isKept = (content: unknown): content is { targets: readonly Target[] } =>
  typeof content === 'object' && content !== null && 'targets' in content && Array.isArray(content.targets);
