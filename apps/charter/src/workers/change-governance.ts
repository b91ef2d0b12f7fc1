import type { Approval, ApprovalRequest } from '@charter/shared/contracts';
import { CharterError } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import { sql } from 'kysely';
import { activatePack } from '../adapters/activate-pack.ts';
import type { ApprovalLog } from '../adapters/approval-log.ts';
import { appendAudit } from '../adapters/audit-log.ts';
import type { Governance } from '../adapters/governance.ts';
import type { PackShelf } from '../adapters/pack-shelf.ts';
import type { PolicyRow } from '../adapters/policy-rows.ts';
import type { PolicyChange, PolicyOutcome, PolicyShelf } from '../adapters/policy-shelf.ts';
import type { CheckedPolicy } from '../domain/policy-source.ts';
import type { CharterMetrics } from '../metrics.ts';
import type { CharterTables } from '../tables.ts';

export interface ChangeDeps {
  readonly store: Store<CharterTables>;
  readonly packs: PackShelf;
  readonly policies: PolicyShelf;
  readonly approvals: ApprovalLog;
  readonly governance: Pick<Governance, 'refresh'>;
  readonly metrics: CharterMetrics;
  /** Who asks for a change must not approve it: needs configured identities. */
  readonly fourEyes: boolean;
  readonly alwaysAsk: boolean;
}

/** What became of a change: in force, or waiting for people under an approval. */
export interface ChangeResult {
  readonly status: 'active' | 'pending';
  readonly approval: Approval | null;
}

/** Changes what governs, with the approval of people where the old or the new document demands it. */
export function changeGovernance(deps: ChangeDeps) {
  const { packs, policies, approvals, governance, metrics } = deps;

  async function ask(
    kind: 'policy' | 'pack',
    by: string,
    about: { id: string; digest: string; title: string },
  ): Promise<Approval> {
    const request: ApprovalRequest = {
      planId: about.id,
      planHash: about.digest,
      incidentId: about.id,
      title: about.title,
      explanation: `${by} wants to put this in force; its document, or the one in force now, demands approval.`,
      action: 'APPLY_POLICY',
      target: kind,
      requestedBy: by,
      obligations: {},
    };
    const { approval, isNew } = await approvals.create(request, { kind, by, fourEyes: deps.fourEyes });
    if (isNew) metrics.approvalAsked();
    return approval;
  }

  async function settledPolicy(
    { row, needsApproval }: PolicyOutcome,
    by: string,
  ): Promise<ChangeResult & { row: PolicyRow }> {
    if (!needsApproval) {
      await governance.refresh();
      return { row, status: 'active', approval: null };
    }
    const title = `Activate policy ${row.name} ${row.version} for ${row.environment}`;
    return { row, status: 'pending', approval: await ask('policy', by, { id: row.id, digest: row.digest, title }) };
  }

  async function activePack(id: string, change: PolicyChange): Promise<ChangeResult> {
    const pack = await packs.find(id);
    if (!pack) throw new CharterError('not-found', `No pack ${id}`);
    const { by, expectedActive, isApproved = false } = change;
    const expected = expectedActive === undefined ? await packs.activeId(pack.environment) : expectedActive;
    const needsPeople = deps.alwaysAsk && !isApproved;
    const result = needsPeople
      ? ({ kind: 'needs-approval', digest: pack.digest } as const)
      : await activatePack(deps.store, { packId: id, expectedActive: expected, by, isApproved });
    if (result.kind === 'activated') {
      await governance.refresh();
      return { status: 'active', approval: null };
    }
    const title = `Activate pack ${pack.name} ${pack.version} for ${pack.environment}`;
    return { status: 'pending', approval: await ask('pack', by, { id, digest: result.digest, title }) };
  }

  return {
    activatePack: activePack,
    applyPolicy: async (checked: CheckedPolicy, change: PolicyChange) =>
      settledPolicy(await policies.apply(checked, change), change.by),
    activatePolicy: async (id: string, change: PolicyChange) =>
      settledPolicy(await policies.activate(id, change), change.by),
    async rollbackPolicy(id: string, by: string) {
      const rolled = await policies.rollback(id, by);
      await governance.refresh();
      return rolled;
    },
    /** Makes the changes that people approved, and gives up those they did not; each once, whichever replica is first. */
    async settle(): Promise<void> {
      const decided = await deps.store.db
        .updateTable('approval')
        .set({ settled_at: sql<Date>`now()` })
        .where('kind', 'in', ['policy', 'pack'])
        .where('status', 'in', ['approved', 'rejected', 'expired'])
        .where('settled_at', 'is', null)
        .returning(['id', 'kind', 'plan_id', 'status', 'created_by'])
        .execute();
      for (const { id, kind, plan_id, status, created_by } of decided) {
        if (status !== 'approved') {
          if (kind === 'policy') await policies.reject(plan_id);
          continue;
        }
        const change = { by: created_by, isApproved: true };
        try {
          if (kind === 'policy') await settledPolicy(await policies.activate(plan_id, change), created_by);
          else await activePack(plan_id, change);
        } catch (error) {
          if (!(error instanceof CharterError) || error.retryable) {
            await deps.store.db.updateTable('approval').set({ settled_at: null }).where('id', '=', id).execute();
            throw error;
          }
          const entry = {
            actor: 'charter',
            action: 'change.failed',
            subject: plan_id,
            data: { approvalId: id, reason: error.message },
          };
          await deps.store.transaction((tx) => appendAudit(tx, [entry]));
        }
      }
    },
  };
}
export type ChangeGovernance = ReturnType<typeof changeGovernance>;
