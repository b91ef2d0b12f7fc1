import type { Plan, PlannedAction } from '@charter/shared/contracts';
import { CharterError } from '@charter/shared/contracts';
import { sql } from 'kysely';
import { updateStormBrake } from '../adapters/budget-records.ts';
import type { Run } from '../adapters/claims.ts';
import { type ExecuteTx, recordExecution, writeJournal } from '../adapters/execution-records.ts';
import { callFrom, describeCall, undoOf } from '../domain/actuation.ts';
import { refusePlan } from '../domain/admission.ts';
import type { Json } from '../domain/spec.ts';
import { type Armed, armSteps } from './arm-steps.ts';
import type { ExecuteDeps } from './deps.ts';
import { passGates } from './pass-gates.ts';
import { readBefore } from './read-before.ts';
import type { StepAnswer } from './take-step.ts';

/** Undoes a transaction on purpose. */
class Rehearsed extends Error {
  readonly answer: Armed;
  constructor(answer: Armed) {
    super('rehearsed');
    this.answer = answer;
  }
}

/**
 * Goes through a plan with the very same gates and records, but sends nothing and keeps nothing except its own journal.
 * @returns the id of the dry run's record
 */
export async function rehearse(deps: ExecuteDeps, plan: Plan): Promise<string> {
  const id = await deps.store.transaction(async (tx) => {
    const recorded = await recordExecution(tx, plan, { dryRun: true, deadlineAt: new Date(plan.expiresAt) });
    const reason = 'Dry run: nothing was changed';
    await tx.db
      .updateTable('execution')
      .set({ state: 'completed', disposition: 'observed', reason, finished_at: sql<Date>`now()` })
      .where('id', '=', recorded.id)
      .execute();
    return recorded.id;
  });
  const refused = refusePlan(plan, deps.environment, new Date());
  const note = (text: string, data: Record<string, Json>, actionId?: string): Promise<void> =>
    writeJournal(deps.store.db, id, { kind: 'rehearsed', text, actionId, data });
  if (refused) await note(`Would be refused by ${refused.gate}: ${refused.reason}`, { gate: refused.gate });
  for (const [index, action] of plan.actions.entries()) {
    const { text, data } = await rehearseStep(
      deps,
      { executionId: id, claim: 0, holder: 'dry-run' },
      plan,
      action,
      index === 0,
    );
    await note(text, data, action.id);
  }
  return id;
}

async function rehearseStep(
  deps: ExecuteDeps,
  run: Run,
  plan: Plan,
  action: PlannedAction,
  isFirst: boolean,
): Promise<{ text: string; data: Record<string, Json> }> {
  const target = deps.targets.find(action.target);
  if (target === null)
    return { text: `Would be refused by target: the active pack has no ${action.target}`, data: { gate: 'target' } };
  const leave = await passGates(deps, {
    executionId: run.executionId,
    plan,
    action,
    target,
    isFirst,
    ownSilences: new Set(),
    brake: (health) => updateStormBrake(deps.store, health, deps.settings.storm),
  });
  if (leave.kind !== 'pass') return refusal(leave);
  const effector = await deps.effectors.of(target);
  const read = await readBefore(effector, action);
  if (read.kind !== 'read') return refusal(read);
  const { before } = read;
  const step = { run, plan, action, target, effector, before, leave, isFirst };
  const armed = await inVain(deps, async (tx) => (await armSteps(deps, tx, [step]))[0]);
  if (armed.kind === 'refuse') return refusal(armed);
  const call = callFrom(action);
  const tried = await effector.tryOut?.(call);
  if (tried !== undefined && tried.kind !== 'applied') {
    return { text: `Would be refused by ${action.target} itself: ${tried.reason}`, data: { gate: 'effector' } };
  }
  const undo = action.reversible ? undoOf(call, before.spec) : null;
  const { method, url, body } = preview(() => effector.preview(call));
  return {
    text: `Would ${describeCall(call, action.target)}${undo === null ? ', which cannot be undone' : ''}`,
    data: {
      method,
      url,
      body,
      guarantee: effector.guarantee,
      before: before.spec,
      undo: undo === null ? null : undo.body,
    },
  };
}

const refusal = (answer: Exclude<StepAnswer, { kind: 'sent' }>) => ({
  text: `Would ${answer.kind === 'hold' ? 'wait for' : 'be refused by'} ${answer.gate}: ${answer.reason}`,
  data: { gate: answer.gate },
});

async function inVain(deps: ExecuteDeps, work: (tx: ExecuteTx) => Promise<Armed | Error | undefined>): Promise<Armed> {
  try {
    return await deps.store.transaction(async (tx) => {
      const armed = await work(tx);
      if (armed === undefined || armed instanceof Error) throw armed ?? new Error('nothing was rehearsed');
      throw new Rehearsed(armed);
    });
  } catch (error) {
    if (error instanceof Rehearsed) return error.answer;
    throw error;
  }
}

function preview(work: () => { method: string; url: string; body: unknown }): {
  method: string;
  url: string;
  body: Json;
} {
  try {
    const { method, url, body } = work();
    return { method, url, body: JSON.parse(JSON.stringify(body ?? null)) };
  } catch (error) {
    if (error instanceof CharterError) return { method: '', url: '', body: error.message };
    throw error;
  }
}
