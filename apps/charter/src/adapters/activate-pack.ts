import { readDocuments } from '@charter/policy';
import { CharterError } from '@charter/shared/contracts';
import type { Store, Tx } from '@charter/store';
import { sql } from 'kysely';
import { packFrom } from '../domain/pack-draft.ts';
import { identified } from '../domain/policy-source.ts';
import type { CharterTables } from '../tables.ts';
import { activeSet } from './active-set.ts';
import { appendAudit } from './audit-log.ts';
import { lockGovernance, raiseGeneration } from './generation.ts';
import { refusePack } from './pack-shelf.ts';
import type { PolicyReader } from './policy-reader.ts';
import { activeRevision, endRevision, ensureRevision, type PolicyRow, startRevision } from './policy-rows.ts';

export interface Activation {
  readonly packId: string;
  /** What the caller takes for the active pack; null when none. */
  readonly expectedActive: string | null;
  readonly by: string;
  /** Given when people have approved, or when none need to. */
  readonly isApproved: boolean;
  /** Why rules that never take effect are accepted. */
  readonly override?: { readonly reason: string } | undefined;
}

export type ActivationResult =
  | { readonly kind: 'activated' }
  | { readonly kind: 'needs-approval'; readonly digest: string };

/**
 * Makes a pack the active one of its environment, in one transaction: its policies supersede those of the same name,
 * and those of the pack before that it no longer has. Throws `conflict` when another activation came in between and
 * `document-invalid` when the pack's own tests fail by now or its policies are too much together with the others.
 */
export async function activatePack(
  { store, reader }: { readonly store: Store<CharterTables>; readonly reader: PolicyReader },
  activation: Activation,
): Promise<ActivationResult> {
  const pack = await store.db.selectFrom('pack').selectAll().where('id', '=', activation.packId).executeTakeFirst();
  if (!pack) throw new CharterError('not-found', `No pack ${activation.packId}`);
  const read = readDocuments(pack.source);
  const checked = read.ok ? packFrom(read.documents) : read;
  if (!checked.ok) throw refusePack(checked.errors);
  const { policies } = checked.draft;

  return store.transaction(async (tx) => {
    await lockGovernance(tx);
    const pointer = await tx.db
      .selectFrom('active_pack')
      .select('pack_id')
      .where('environment', '=', pack.environment)
      .executeTakeFirst();
    const current = pointer?.pack_id ?? null;
    if (current !== activation.expectedActive) {
      throw new CharterError(
        'conflict',
        `Pack ${current ?? 'none'} is active, not ${activation.expectedActive ?? 'none'}`,
      );
    }
    const started: PolicyRow[] = [];
    const ended: PolicyRow[] = [];
    for (const { index, policy } of policies) {
      const origin = { source: null, packId: pack.id, index, by: activation.by };
      const revision = await ensureRevision(tx, identified(policy), origin);
      const before = await activeRevision(tx, revision.name, revision.environment);
      started.push(revision);
      if (before && before.id !== revision.id) ended.push(before);
    }
    ended.push(...(await leftBehind(tx, current, started)));
    if (!activation.isApproved && [...started, ...ended].some((row) => row.requires_approval)) {
      return { kind: 'needs-approval', digest: pack.digest };
    }
    for (const row of ended) await endRevision(tx, row.id, 'superseded');
    for (const row of started) {
      if (row.status === 'active') continue;
      const replaced = ended.find(({ name, environment }) => name === row.name && environment === row.environment);
      await startRevision(tx, row.id, { id: replaced?.id ?? null, keep: false });
    }
    await activeSet(tx, reader, pack.environment);
    await tx.db
      .insertInto('active_pack')
      .values({ environment: pack.environment, pack_id: pack.id, activated_by: activation.by })
      .onConflict((conflict) =>
        conflict
          .column('environment')
          .doUpdateSet({ pack_id: pack.id, activated_by: activation.by, activated_at: sql<Date>`now()` }),
      )
      .execute();
    await raiseGeneration(tx);
    const data = {
      name: pack.name,
      version: pack.version,
      environment: pack.environment,
      before: current,
      policies: started.map(({ id }) => id),
      superseded: ended.map(({ id }) => id),
      ...(activation.override === undefined ? {} : { override: activation.override.reason }),
    };
    await appendAudit(tx, [{ actor: activation.by, action: 'pack.activated', subject: pack.id, data }]);
    return { kind: 'activated' };
  });
}

/** Active policies that came with the pack before and are not in the new one. */
async function leftBehind(
  tx: Tx<CharterTables>,
  packId: string | null,
  started: readonly PolicyRow[],
): Promise<PolicyRow[]> {
  if (packId === null) return [];
  const before = await tx.db.selectFrom('pack').selectAll().where('id', '=', packId).executeTakeFirstOrThrow();
  const read = readDocuments(before.source);
  const draft = read.ok ? packFrom(read.documents) : read;
  if (!draft.ok) return [];
  const kept = new Set(started.map(({ name, environment }) => `${name}\n${environment}`));
  const rows: PolicyRow[] = [];
  for (const { policy } of draft.draft.policies) {
    const { environment, digest } = identified(policy);
    if (kept.has(`${policy.name}\n${environment}`)) continue;
    const active = await activeRevision(tx, policy.name, environment);
    if (active?.digest === digest) rows.push(active);
  }
  return rows;
}
