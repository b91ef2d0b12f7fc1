import type { Plan, PlannedAction, Target } from '@charter/shared/contracts';
import { CharterError } from '@charter/shared/contracts';
import { ClaimLost, lockClaims, type Run } from '../adapters/claims.ts';
import { recordIntents, recordResults } from '../adapters/step-records.ts';
import type { ExecutionRow, StepRecord } from '../adapters/tables.ts';
import { lockTargets } from '../adapters/target-records.ts';
import { type ActuatorCall, describeCall, guaranteeFor } from '../domain/actuation.ts';
import type { StepState } from '../domain/execution.ts';
import { type Spec, specHash } from '../domain/spec.ts';
import { refuseGeneration } from '../domain/target-standing.ts';
import type { Effector } from '../ports.ts';
import type { CarryDeps } from './deps.ts';
import { askLeave } from './pass-gates.ts';
import { sendStep } from './send-step.ts';
import type { StepAnswer } from './take-step.ts';
import { tell } from './tell.ts';

type Armed = { readonly kind: 'armed' } | { readonly kind: 'settled' };

/** Takes one step back, unless someone changed the target since. Needs leave to act, but no new decision: it was part of the plan. */
export async function undoStep(deps: CarryDeps, run: Run, row: ExecutionRow, forward: StepRecord): Promise<StepAnswer> {
  const { plan } = row;
  const action = plan.actions.find(({ id }) => id === forward.action_id);
  const target = deps.targets.find(forward.target);
  if (!action || forward.undo === null) throw new Error(`Step ${forward.action_id} of ${run.executionId} has no undo`);
  if (target === null) return away(`The active pack has no target ${forward.target}`);
  const leave = await askLeave(deps, { executionId: run.executionId, group: target.group, policies: [] });
  if (leave.kind !== 'pass') return leave;
  const effector = await deps.effectors.of(target);
  const observed = await observe(effector);
  if (observed === null) return away(`${forward.target} cannot be read: whether someone changed it cannot be told`);
  const undo = forward.undo;
  const armed = await armUndo(deps, run, { plan, action, target, forward, undo, effector, observed });
  if (armed.kind === 'settled') return { kind: 'sent' };
  await deps.checkpoint('intent-journalled', run.executionId);
  return sendStep(deps, run, { plan, action, direction: 'undo', effector, leave });
}

const away = (reason: string): StepAnswer => ({ kind: 'hold', gate: 'effector', reason, isPause: false });

async function observe(effector: Effector): Promise<Spec | null> {
  try {
    return await effector.readSpec();
  } catch (error) {
    if (error instanceof CharterError && error.retryable) return null;
    throw error;
  }
}

interface Undoing {
  readonly plan: Plan;
  readonly action: PlannedAction;
  readonly target: Target;
  readonly forward: StepRecord;
  readonly undo: ActuatorCall;
  readonly effector: Effector;
  readonly observed: Spec;
}

function armUndo(deps: CarryDeps, run: Run, undoing: Undoing): Promise<Armed> {
  const { plan, action, forward, undo, effector, observed } = undoing;
  const { executionId } = run;
  const text = `Undo: ${describeCall(undo, forward.target)}`;
  const targets = [forward.target];
  return deps.store.transaction(async (tx) => {
    if (!(await lockClaims(tx, [run])).has(executionId)) throw new ClaimLost(executionId);
    const standings = await lockTargets(tx, targets, deps.settings.breaker.windowSeconds);
    const newer = refuseGeneration(plan, standings, executionId);
    const hash = specHash(observed);
    const isBack = hash === forward.before_hash;
    const isOurs = forward.after_hash !== null && hash === forward.after_hash;
    const intent = {
      run,
      actionId: action.id,
      direction: 'undo' as const,
      target: forward.target,
      call: undo,
      undo: null,
      guarantee: guaranteeFor(effector.guarantee, undo, observed),
      before: observed,
      mark: null,
      text,
      take: newer === null ? { plan, targets, leaseSeconds: deps.settings.targetLeaseSeconds } : null,
      begin: null,
    };
    await recordIntents(tx, [intent]);
    if (newer === null && isOurs && !isBack) return { kind: 'armed' };
    const state: StepState = newer === null && isBack ? 'done' : 'refused';
    const detail =
      state === 'done' ? 'The target already reads as before' : (newer?.reason ?? 'Someone changed the target since');
    const { actionId, direction, target } = intent;
    await recordResults(tx, [{ run, actionId, direction, target, state, after: observed, detail }]);
    await tell(tx, plan, {
      event: state === 'done' ? 'step-completed' : 'step-failed',
      text: `${text}: ${state === 'done' ? 'not needed' : 'left alone'} – ${detail}`,
      data: { executionId, actionId: action.id, direction: 'undo', result: state },
    });
    return { kind: 'settled' };
  });
}
