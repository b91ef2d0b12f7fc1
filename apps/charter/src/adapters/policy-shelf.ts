import { CharterError } from '@charter/shared/contracts';
import { newId, type Store, type Tx } from '@charter/store';
import { sql } from 'kysely';
import type { CheckedPolicy } from '../domain/policy-source.ts';
import type { CharterTables } from '../tables.ts';
import { activeSet, versionOf } from './active-set.ts';
import { appendAudit } from './audit-log.ts';
import { lockGovernance, raiseGeneration } from './generation.ts';
import type { PolicyReader } from './policy-reader.ts';
import { activeRevision, endRevision, ensureRevision, type PolicyRow, startRevision } from './policy-rows.ts';

export interface PolicyShelfOptions {
  readonly store: Store<CharterTables>;
  readonly reader: PolicyReader;
  readonly environment: string;
  /** Every change needs approval, whatever the documents say. */
  readonly alwaysAsk: boolean;
}

/** Who changes a policy, and what they take for the active revision (undefined: whatever is active when they ask). */
export interface PolicyChange {
  readonly by: string;
  readonly expectedActive?: string | null | undefined;
  /** People have approved it already. */
  readonly isApproved?: boolean;
  /** The active set beside which this change was found strictly less permissive: while it is in force, nobody need vote. */
  readonly stricterThan?: string | undefined;
  /** Why rules that never take effect are accepted. */
  readonly override?: { readonly reason: string } | undefined;
}

/** A revision as the change left it: active, or pending until people approve. */
export type PolicyOutcome = { readonly row: PolicyRow; readonly needsApproval: boolean };

const endings = ['draft', 'validated', 'rejected'] as const;

/** The revisions of policies and their life: draft, validated, pending, approved, active, superseded or rolled back. */
export function policyShelf({ store, reader, environment, alwaysAsk }: PolicyShelfOptions) {
  async function find(id: string, db: Tx<CharterTables>['db'] = store.db): Promise<PolicyRow> {
    const row = await db.selectFrom('policy').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) throw new CharterError('not-found', `No policy ${id}`);
    return row;
  }

  /** The active revision as the caller sees it before anything is locked: if it moves until then, somebody else won. */
  async function seenActive(name: string, where: string, { expectedActive }: PolicyChange): Promise<string | null> {
    if (expectedActive !== undefined) return expectedActive;
    return (await activeRevision(store, name, where))?.id ?? null;
  }

  async function versionInForce(tx: Tx<CharterTables>): Promise<string> {
    return versionOf((await reader.active(tx)).map(({ row }) => row.id));
  }

  async function activate(
    tx: Tx<CharterTables>,
    row: PolicyRow,
    seen: string | null,
    change: PolicyChange,
  ): Promise<PolicyOutcome> {
    const before = await activeRevision(tx, row.name, row.environment);
    if ((before?.id ?? null) !== seen) {
      throw new CharterError(
        'conflict',
        `Revision ${before?.id ?? 'none'} of ${row.name} is active, not ${seen ?? 'none'}`,
      );
    }
    if (before?.id === row.id) return { row, needsApproval: false };
    const demanded = alwaysAsk || row.requires_approval || (before?.requires_approval ?? false);
    const { by, override } = change;
    const isStricter = change.stricterThan !== undefined && change.stricterThan === (await versionInForce(tx));
    const data = {
      ...factsOf(row, before),
      ...(override === undefined ? {} : { override: override.reason }),
      ...(isStricter ? { withoutVote: 'strictly less permissive than what was in force' } : {}),
    };
    if (demanded && change.isApproved !== true && !isStricter) {
      await setStatus(tx, row.id, 'pending');
      await appendAudit(tx, [{ actor: by, action: 'policy.pending', subject: row.id, data }]);
      return { row: await find(row.id, tx.db), needsApproval: true };
    }
    if (before) await endRevision(tx, before.id, 'superseded');
    await startRevision(tx, row.id, { id: before?.id ?? null, keep: false });
    await activeSet(tx, reader, environment);
    await raiseGeneration(tx);
    await appendAudit(tx, [{ actor: by, action: 'policy.activated', subject: row.id, data }]);
    return { row: await find(row.id, tx.db), needsApproval: false };
  }

  return {
    find: (id: string) => find(id),
    async list(limit: number): Promise<PolicyRow[]> {
      return store.db.selectFrom('policy').selectAll().orderBy('id', 'desc').limit(limit).execute();
    },
    /** Keeps a document that may still change. */
    async draft({ policy, source, environment: where, digest }: CheckedPolicy, by: string): Promise<PolicyRow> {
      return store.transaction(async (tx) => {
        const row = await tx.db
          .insertInto('policy')
          .values({
            id: newId(),
            name: policy.name,
            environment: where,
            version: policy.version ?? 'draft',
            form: policy.form,
            status: 'validated',
            digest,
            source,
            pack_id: null,
            document_index: 0,
            requires_approval: policy.requiresApproval,
            created_by: by,
            replaced_id: null,
            activated_at: null,
            ended_at: null,
          })
          .returningAll()
          .executeTakeFirstOrThrow();
        await appendAudit(tx, [{ actor: by, action: 'policy.drafted', subject: row.id, data: factsOf(row, null) }]);
        return row;
      });
    },
    /** Changes a draft; of two writers that start from the same revision number one gets `conflict`. */
    async redraft(
      id: string,
      revision: number,
      { policy, source, environment: where, digest }: CheckedPolicy,
      by: string,
    ): Promise<PolicyRow> {
      return store.transaction(async (tx) => {
        const row = await tx.db
          .updateTable('policy')
          .set({
            name: policy.name,
            environment: where,
            version: policy.version ?? 'draft',
            form: policy.form,
            digest,
            source,
            requires_approval: policy.requiresApproval,
            status: 'validated',
            revision: revision + 1,
          })
          .where('id', '=', id)
          .where('revision', '=', revision)
          .where('status', 'in', endings)
          .returningAll()
          .executeTakeFirst();
        if (!row) {
          const now = await find(id, tx.db);
          throw new CharterError('conflict', `Policy ${id} is ${now.status} at revision ${String(now.revision)}`);
        }
        const data = { ...factsOf(row, null), revision: row.revision };
        await appendAudit(tx, [{ actor: by, action: 'policy.redrafted', subject: id, data }]);
        return row;
      });
    },
    /** Puts a document in force at once, or as soon as people have approved. Equal content is the same revision. */
    async apply(checked: CheckedPolicy, change: PolicyChange): Promise<PolicyOutcome> {
      const { policy, environment: where, source } = checked;
      const seen = await seenActive(policy.name, where, change);
      return store.transaction(async (tx) => {
        await lockGovernance(tx);
        const row = await ensureRevision(tx, checked, { source, packId: null, index: 0, by: change.by });
        return activate(tx, row, seen, change);
      });
    },
    /** Puts a kept revision in force: a draft, or an earlier one. */
    async activate(id: string, change: PolicyChange): Promise<PolicyOutcome> {
      const { name, environment: where } = await find(id);
      const seen = await seenActive(name, where, change);
      return store.transaction(async (tx) => {
        await lockGovernance(tx);
        return activate(tx, await find(id, tx.db), seen, change);
      });
    },
    /** Ends the active revision and puts the one before it in force again. */
    async rollback(id: string, by: string): Promise<{ row: PolicyRow; rolledBack: string }> {
      return store.transaction(async (tx) => {
        await lockGovernance(tx);
        const asked = await find(id, tx.db);
        const active = await activeRevision(tx, asked.name, asked.environment);
        if (active?.id !== id) throw new CharterError('conflict', `Policy ${id} is ${asked.status}, not active`);
        if (active.replaced_id === null)
          throw new CharterError('conflict', `No revision of ${active.name} was active before`);
        await endRevision(tx, id, 'rolled_back');
        await startRevision(tx, active.replaced_id, { id: null, keep: true });
        await activeSet(tx, reader, environment);
        await raiseGeneration(tx);
        const row = await find(active.replaced_id, tx.db);
        await appendAudit(tx, [{ actor: by, action: 'policy.rolled-back', subject: id, data: factsOf(row, active) }]);
        return { row, rolledBack: id };
      });
    },
    /** People said no, or nothing, to a pending revision. */
    async reject(id: string): Promise<void> {
      await store.db
        .updateTable('policy')
        .set({ status: 'rejected' })
        .where('id', '=', id)
        .where('status', '=', 'pending')
        .execute();
    },
  };
}
export type PolicyShelf = ReturnType<typeof policyShelf>;

async function setStatus(tx: Tx<CharterTables>, id: string, status: 'pending'): Promise<void> {
  await tx.db.updateTable('policy').set({ status, ended_at: sql<Date>`null` }).where('id', '=', id).execute();
}

const factsOf = (row: PolicyRow, before: PolicyRow | null) => ({
  name: row.name,
  environment: row.environment,
  version: row.version,
  digest: row.digest,
  before: before?.id ?? null,
});
