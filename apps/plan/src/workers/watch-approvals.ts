import { type Analysis, type Approval, CharterError, Plan, planQueue } from '@charter/shared/contracts';
import type { Store, Tx } from '@charter/store';
import { sql } from 'kysely';
import { componentOf, latestAnalysis } from '../adapters/incident-records.ts';
import { releasePlan } from '../adapters/plan-records.ts';
import type { PlanTables } from '../adapters/tables.ts';
import { actionsText, explain } from '../domain/explain.ts';
import { actionable } from '../domain/restraint.ts';
import type { PlanningSettings } from '../domain/settings.ts';
import type { PlanMetrics } from '../metrics.ts';
import type { Charter } from '../ports.ts';
import type { Replan } from './replan.ts';
import { endUnexecuted, type NotExecuted } from './settle-incident.ts';
import { tell } from './tell.ts';

export interface ApprovalDeps {
  readonly store: Store<PlanTables>;
  readonly charter: Pick<Charter, 'createApproval' | 'approval' | 'withdraw'>;
  readonly settings: PlanningSettings;
  readonly metrics: Pick<PlanMetrics, 'ended'>;
  /** What people do not want gives way to the next rung. */
  readonly replan: Replan;
  /** An answer that is no answer: the next round tries again. */
  readonly onTrouble: (error: unknown, planId: string) => void;
}

interface Waiting {
  readonly id: string;
  readonly plan: Plan;
  readonly approvalId: string | null;
  readonly isLate: boolean;
}

const mostPlans = 200;

/** One round over the plans that wait for people: asks the charter to ask them, and acts on what they answered. */
export function watchApprovals(deps: ApprovalDeps): () => Promise<void> {
  const { store, charter, onTrouble } = deps;
  return async () => {
    for (const waiting of await waitingPlans(store)) {
      await attend(waiting, deps).catch((error: unknown) => onTrouble(error, waiting.id));
    }
    const withdrawn = await store.db
      .selectFrom('plan')
      .select(['id', 'approval_id', 'reason'])
      .where('approval_closed', '=', false)
      .limit(mostPlans)
      .execute();
    for (const { id, approval_id, reason } of withdrawn) {
      try {
        if (approval_id) await withdraw(charter, approval_id, reason ?? 'no longer needed');
        await store.db.updateTable('plan').set({ approval_closed: true }).where('id', '=', id).execute();
      } catch (error) {
        onTrouble(error, id);
      }
    }
  };
}

async function waitingPlans(store: Store<PlanTables>): Promise<Waiting[]> {
  const rows = await store.db
    .selectFrom('plan')
    .select(['id', 'body', 'approval_id', sql<boolean>`expires_at < now()`.as('is_late')])
    .where('status', '=', 'pending')
    .orderBy('id')
    .limit(mostPlans)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    plan: Plan.parse(row.body),
    approvalId: row.approval_id,
    isLate: row.is_late,
  }));
}

async function attend(waiting: Waiting, deps: ApprovalDeps): Promise<void> {
  const { id, plan, approvalId, isLate } = waiting;
  if (isLate) return end(plan, 'expired', 'nobody approved it in time', deps, approvalId !== null);
  if (approvalId === null) return ask(waiting, deps);
  const approval = await deps.charter.approval(approvalId);
  switch (approval.status) {
    case 'pending':
      return;
    case 'approved':
    case 'auto_approved':
      return release(id, plan, approval, deps);
    case 'rejected':
      return end(plan, 'rejected', rejectionText(approval), deps);
    case 'expired':
      return end(plan, 'expired', 'nobody approved it in time', deps);
  }
}

async function ask({ id, plan }: Waiting, { store, charter }: ApprovalDeps): Promise<void> {
  const riskiest = plan.actions.toSorted((a, b) => b.risk - a.risk)[0];
  if (!riskiest) return;
  const approval = await charter.createApproval({
    planId: id,
    planHash: plan.hash,
    incidentId: plan.incidentId,
    title: `${plan.strategy}: ${actionsText(plan.actions)}`.slice(0, 500),
    explanation: explain(plan).join('\n').slice(0, 8_000),
    action: riskiest.action,
    target: riskiest.target,
    requestedBy: 'plan',
    obligations: plan.obligations,
  });
  await store.transaction(async (tx) => {
    const row = await tx.db
      .updateTable('plan')
      .set({ approval_id: approval.id, expires_at: sql<Date>`least(expires_at, ${new Date(approval.expiresAt)})` })
      .where('id', '=', id)
      .where('status', '=', 'pending')
      .where('approval_id', 'is', null)
      .returning('id')
      .executeTakeFirst();
    if (!row) return withdrawLater(tx, id, approval.id);
    const text = `Asked people to approve ${actionsText(plan.actions)} until ${approval.expiresAt}`;
    await tell(tx, plan.incidentId, 'approval-requested', text, { planId: id, approvalId: approval.id });
  });
}

/** The plan ended while people were being asked: the question is taken back in the next round. */
async function withdrawLater(tx: Tx<PlanTables>, id: string, approvalId: string): Promise<void> {
  await tx.db
    .updateTable('plan')
    .set({ approval_id: approvalId, approval_closed: false })
    .where('id', '=', id)
    .where('status', '!=', 'pending')
    .where('approval_id', 'is', null)
    .execute();
}

/** Approved: what it was made for must still stand. */
async function release(id: string, plan: Plan, approval: Approval, deps: ApprovalDeps): Promise<void> {
  const { store, settings } = deps;
  const who = approval.votes.filter(({ vote }) => vote === 'approve').map(({ by }) => by);
  // Whoever tightened the obligations bound the question to a new hash; what it was asked about is still this plan.
  const askedAbout = approval.editedFrom ?? approval.planHash;
  if (askedAbout !== plan.hash) return end(plan, 'refused', 'the approval is for another plan', deps);
  const obstacle = obstacleTo(await latestAnalysis(store, plan.incidentId));
  if (obstacle !== null) return end(plan, 'withdrawn', obstacle, deps);
  await store.transaction(async (tx) => {
    const approved = { hash: approval.planHash, obligations: approval.obligations };
    const released = await releasePlan(tx, id, approved, new Date(Date.now() + settings.planSeconds * 1_000));
    if (!released) return;
    await tell(
      tx,
      plan.incidentId,
      'approval-decided',
      `${who.join(', ') || 'The charter'} approved ${actionsText(plan.actions)}`,
      {
        planId: id,
        approvalId: approval.id,
        status: 'approved',
      },
    );
    await tx.enqueue(planQueue, released, { incidentId: plan.incidentId });
  });
}

/** Why an approved plan is not carried out after all. */
function obstacleTo(analysis: Analysis | null): string | null {
  if (!analysis || analysis.mergedInto !== null) return 'its incident became part of another one';
  return actionable(analysis.violations).length > 0 ? null : 'its violations are resolved or silenced by now';
}

async function end(
  plan: Plan,
  status: NotExecuted,
  reason: string,
  { store, settings, metrics, replan }: ApprovalDeps,
  withdrawApproval = false,
): Promise<void> {
  const analysis = await latestAnalysis(store, plan.incidentId);
  const component = analysis ? componentOf(analysis) : 'unknown';
  const watchUntil = new Date(Date.now() + settings.watchSeconds * 1_000);
  const ending = { status, type: 'unknown', reason, component, withdrawApproval, watchUntil } as const;
  const ended = await store.transaction((tx) => endUnexecuted(tx, plan.id, 'pending', ending));
  if (!ended) return;
  metrics.ended(status);
  await replan(plan.incidentId);
}

function rejectionText({ votes }: Approval): string {
  const against = votes.filter(({ vote }) => vote === 'reject');
  const texts = against.map(({ by, reason }) => (reason === null ? by : `${by}: ${reason}`));
  return `rejected by ${texts.join('; ') || 'a person'}`;
}

/** Takes a question back. One that was answered or is unknown by now needs no more. */
async function withdraw(charter: Pick<Charter, 'withdraw'>, approvalId: string, reason: string): Promise<void> {
  try {
    await charter.withdraw(approvalId, reason.slice(0, 2_000));
  } catch (error) {
    if (!(error instanceof CharterError) || error.retryable) throw error;
  }
}
