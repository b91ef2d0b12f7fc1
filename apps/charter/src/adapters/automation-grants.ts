import { AutomationMode } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import { sql } from 'kysely';
import { type AutomationGrant, isGlobal } from '../domain/automation.ts';
import type { CharterTables } from '../tables.ts';
import { appendAudit } from './audit-log.ts';
import { lockGovernance, raiseGeneration } from './generation.ts';

export interface StoredGrant extends AutomationGrant {
  readonly reason: string;
  readonly changedBy: string;
  readonly changedAt: string;
}

export interface GrantChange extends Pick<AutomationGrant, 'policy' | 'action' | 'targetClass'> {
  readonly mode?: AutomationMode | undefined;
  readonly maximum?: AutomationMode | undefined;
  readonly reason: string;
  readonly by: string;
}

/** How far automation may go, as people and what was learned say. */
export function automationGrants(store: Store<CharterTables>) {
  return {
    async list(): Promise<StoredGrant[]> {
      const rows = await store.db
        .selectFrom('automation')
        .selectAll()
        .orderBy('policy')
        .orderBy('action')
        .orderBy('target_class')
        .execute();
      return rows.map((row) => ({
        policy: row.policy,
        action: row.action,
        targetClass: row.target_class,
        mode: AutomationMode.parse(row.mode),
        maximum: AutomationMode.parse(row.maximum),
        reason: row.reason,
        changedBy: row.changed_by,
        changedAt: row.changed_at.toISOString(),
      }));
    },
    /** Sets the global mode of a charter that has none yet. */
    async begin(mode: AutomationMode): Promise<void> {
      await store.db
        .insertInto('automation')
        .values({
          policy: '*',
          action: '*',
          target_class: '*',
          mode,
          maximum: 'auto',
          reason: 'first start',
          changed_by: 'charter',
        })
        .onConflict((conflict) => conflict.columns(['policy', 'action', 'target_class']).doNothing())
        .execute();
    },
    /** What a change leaves out stays; a new grant may at most be earned up to `auto` and starts in `observe`. */
    async change({ policy, action, targetClass, mode, maximum, reason, by }: GrantChange): Promise<void> {
      await store.transaction(async (tx) => {
        await lockGovernance(tx);
        const set = {
          ...(mode === undefined ? {} : { mode }),
          ...(maximum === undefined ? {} : { maximum }),
          reason,
          changed_by: by,
          changed_at: sql<Date>`now()`,
        };
        await tx.db
          .insertInto('automation')
          .values({ mode: 'observe', maximum: 'auto', ...set, policy, action, target_class: targetClass })
          .onConflict((conflict) => conflict.columns(['policy', 'action', 'target_class']).doUpdateSet(set))
          .execute();
        await raiseGeneration(tx);
        const subject = isGlobal({ policy, action, targetClass }) ? 'global' : [policy, action, targetClass].join(' ');
        const data = { mode: mode ?? null, maximum: maximum ?? null, reason };
        await appendAudit(tx, [{ actor: by, action: 'automation.changed', subject, data }]);
      });
    },
  };
}
export type AutomationGrants = ReturnType<typeof automationGrants>;
