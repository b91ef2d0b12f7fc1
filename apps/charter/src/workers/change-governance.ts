import { type Policy, readDocuments } from '@charter/policy';
import type { Approval, ApprovalRequest } from '@charter/shared/contracts';
import { CharterError } from '@charter/shared/contracts';
import { newId, type Store } from '@charter/store';
import { sql } from 'kysely';
import { activatePack } from '../adapters/activate-pack.ts';
import type { ApprovalLog } from '../adapters/approval-log.ts';
import { appendAudit } from '../adapters/audit-log.ts';
import type { Governance } from '../adapters/governance.ts';
import type { PackShelf } from '../adapters/pack-shelf.ts';
import type { PolicyReader } from '../adapters/policy-reader.ts';
import type { PolicyRow } from '../adapters/policy-rows.ts';
import type { PolicyChange, PolicyOutcome, PolicyShelf } from '../adapters/policy-shelf.ts';
import { packFrom } from '../domain/pack-draft.ts';
import type { CheckedPolicy } from '../domain/policy-source.ts';
import type { CharterMetrics } from '../metrics.ts';
import type { CharterTables } from '../tables.ts';
import type { FindStricter } from './find-stricter.ts';
import type { RefuseConflicts } from './refuse-conflicts.ts';

export interface ChangeDeps {
  readonly store: Store<CharterTables>;
  readonly reader: PolicyReader;
  readonly packs: PackShelf;
  readonly policies: PolicyShelf;
  readonly approvals: ApprovalLog;
  readonly governance: Pick<Governance, 'refresh'>;
  readonly metrics: CharterMetrics;
  readonly refuseConflicts: RefuseConflicts;
  readonly findStricter: FindStricter;
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
    const waiting = await approvals.pendingFor(about.id);
    if (waiting) return waiting;
    const request: ApprovalRequest = {
      planId: about.id,
      planHash: `${about.digest}.${newId()}`,
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
    const stricterThan = deps.alwaysAsk ? null : await deps.findStricter(row);
    if (stricterThan !== null) {
      const tried = await policies.activate(row.id, { by, stricterThan });
      if (!tried.needsApproval) return settledPolicy(tried, by);
    }
    const title = `Activate policy ${row.name} ${row.version} for ${row.environment}`;
    return { row, status: 'pending', approval: await ask('policy', by, { id: row.id, digest: row.digest, title }) };
  }

  async function activePack(id: string, change: PolicyChange): Promise<ChangeResult> {
    const pack = await packs.find(id);
    if (!pack) throw new CharterError('not-found', `No pack ${id}`);
    const { by, expectedActive, isApproved = false, override } = change;
    const expected = expectedActive === undefined ? await packs.activeId(pack.environment) : expectedActive;
    if (!isApproved && override === undefined) {
      const leaving = expected === null ? null : await packs.find(expected);
      await deps.refuseConflicts(policiesIn(pack.source), policiesIn(leaving?.source ?? ''));
    }
    const needsPeople = deps.alwaysAsk && !isApproved;
    const result = needsPeople
      ? ({ kind: 'needs-approval', digest: pack.digest } as const)
      : await activatePack(deps, { packId: id, expectedActive: expected, by, isApproved, override });
    if (result.kind === 'activated') {
      await governance.refresh();
      return { status: 'active', approval: null };
    }
    const title = `Activate pack ${pack.name} ${pack.version} for ${pack.environment}`;
    return { status: 'pending', approval: await ask('pack', by, { id, digest: result.digest, title }) };
  }

  return {
    activatePack: activePack,
    async applyPolicy(checked: CheckedPolicy, change: PolicyChange) {
      if (change.override === undefined) await deps.refuseConflicts([checked.policy]);
      return settledPolicy(await policies.apply(checked, change), change.by);
    },
    async activatePolicy(id: string, change: PolicyChange) {
      const [found] = change.override === undefined ? await deps.reader.byIds(deps.store, [id]) : [];
      if (found) await deps.refuseConflicts([found.policy]);
      return settledPolicy(await policies.activate(id, change), change.by);
    },
    async rollbackPolicy(id: string, by: string) {
      const rolled = await policies.rollback(id, by);
      await governance.refresh();
      return rolled;
    },
    /**
     * Makes the changes that people approved, and gives up those they did not. A change is marked as settled after it is
     * made: when this process ends in between it is made again, which changes nothing.
     */
    async settle(): Promise<void> {
      while (await settleOne());
    },
  };

  async function settleOne(): Promise<boolean> {
    return deps.store.transaction(async (tx) => {
      const decided = await tx.db
        .selectFrom('approval')
        .select(['id', 'kind', 'plan_id', 'status', 'created_by'])
        .where('kind', 'in', ['policy', 'pack'])
        .where('status', 'in', ['approved', 'rejected', 'expired'])
        .where('settled_at', 'is', null)
        .orderBy('id')
        .limit(1)
        .forUpdate()
        .skipLocked()
        .executeTakeFirst();
      if (!decided) return false;
      const { id, kind, plan_id: subject, status, created_by: by } = decided;
      const failure = status === 'approved' ? await failureOf(() => make(kind, subject, by)) : null;
      if (status !== 'approved' && kind === 'policy') await policies.reject(subject);
      await tx.db.updateTable('approval').set({ settled_at: sql<Date>`now()` }).where('id', '=', id).execute();
      if (failure !== null) {
        const data = { approvalId: id, reason: failure };
        await appendAudit(tx, [{ actor: 'charter', action: 'change.failed', subject, data }]);
      }
      return true;
    });
  }

  async function make(kind: string, subject: string, by: string): Promise<unknown> {
    const change = { by, isApproved: true };
    if (kind === 'pack') return activePack(subject, change);
    return settledPolicy(await policies.activate(subject, change), by);
  }
}

/** The policies of a pack; one that cannot be read is refused where it is activated. */
function policiesIn(source: string): readonly Policy[] {
  const read = readDocuments(source);
  const checked = read.ok ? packFrom(read.documents) : read;
  return checked.ok ? checked.draft.policies.map(({ policy }) => policy) : [];
}

/** Why a change cannot be made, for good; what may pass is thrown. */
async function failureOf(change: () => Promise<unknown>): Promise<string | null> {
  try {
    await change();
    return null;
  } catch (error) {
    if (error instanceof CharterError && !error.retryable) return error.message;
    throw error;
  }
}
export type ChangeGovernance = ReturnType<typeof changeGovernance>;
