import type { Plan, PlannedAction, Target } from '@charter/shared/contracts';
import { CharterError } from '@charter/shared/contracts';
import { sql } from 'kysely';
import { debitBudgets } from '../adapters/budget-records.ts';
import { type ExecuteTx, type Run, underClaim } from '../adapters/execution-records.ts';
import { recordIntent } from '../adapters/step-records.ts';
import type { ExecutionRow } from '../adapters/tables.ts';
import { breakerOf, compareGenerations, coolDownOf, takeTargets } from '../adapters/target-records.ts';
import { callFrom, describeCall, guaranteeFor, undoOf } from '../domain/actuation.ts';
import { type Charge, riskOf } from '../domain/budget.ts';
import { executionSeconds } from '../domain/execution.ts';
import type { Spec } from '../domain/spec.ts';
import type { Effector } from '../ports.ts';
import type { ExecuteDeps } from './deps.ts';
import { type GateAnswer, passGates, type StepLeave } from './pass-gates.ts';
import { type Sent, sendStep } from './send-step.ts';
import { tell } from './tell.ts';

export type StepAnswer = Sent | Exclude<GateAnswer<unknown>, { kind: 'pass' }>;

/** One step forward: gates, arming, effect, result. Whatever happens in between, the journal knows how far it came. */
export async function takeStep(deps: ExecuteDeps, run: Run, row: ExecutionRow, actionId: string): Promise<StepAnswer> {
  const { plan } = row;
  const action = plan.actions.find(({ id }) => id === actionId);
  if (!action) throw new Error(`Plan ${plan.id} has no action ${actionId}`);
  const target = deps.targets.find(action.target);
  if (target === null)
    return { kind: 'refuse', gate: 'target', reason: `The active pack has no target ${action.target}`, ask: false };
  const isFirst = row.started_at === null;
  const leave = await passGates(deps, { executionId: run.executionId, plan, action, target, isFirst });
  if (leave.kind !== 'pass') return leave;
  const effector = await deps.effectors.of(target);
  const before = await readBefore(effector);
  if (before === 'away') {
    return { kind: 'hold', gate: 'effector', reason: `${action.target} does not answer`, isPause: false };
  }
  const armed = await underClaim(deps.store, run, (tx) =>
    armStep(deps, tx, { run, plan, action, target, effector, before, leave, isFirst }),
  );
  if (armed !== null) return armed;
  await deps.checkpoint('intent-journalled', run.executionId);
  return sendStep(deps, run, { plan, action, direction: 'forward', effector, leave });
}

export async function readBefore(effector: Effector): Promise<Spec | null | 'away'> {
  try {
    return await effector.readSpec();
  } catch (error) {
    if (error instanceof CharterError && error.retryable) return 'away';
    throw error;
  }
}

export interface Arming {
  readonly run: Run;
  readonly plan: Plan;
  readonly action: PlannedAction;
  readonly target: Target;
  readonly effector: Effector;
  readonly before: Spec | null;
  readonly leave: StepLeave;
  readonly isFirst: boolean;
}

/** Compare-and-set on the generation, then breaker, budgets and cool-down, then the intent: one transaction, all or none. */
export async function armStep(deps: ExecuteDeps, tx: ExecuteTx, step: Arming): Promise<StepAnswer | null> {
  const { settings } = deps;
  const { run, plan, action, target, before, effector, leave } = step;
  const { executionId } = run;
  const refuse = (gate: string, reason: string): StepAnswer => ({ kind: 'refuse', gate, reason, ask: false });
  const targets = plan.actions.map((each) => each.target).sort();
  const stale = await compareGenerations(tx, plan, { executionId, targets });
  if (stale !== null) return refuse(stale.gate, stale.reason);
  const broken = await breakerOf(tx, action.target, settings.breaker);
  if (broken !== null) return refuse('breaker', broken);
  const exhausted = await debitBudgets(tx, {
    executionId,
    actionId: action.id,
    charges: chargesOf(deps, step),
    windowSeconds: settings.budget.windowSeconds,
  });
  if (exhausted !== null) return refuse('budget', exhausted);
  const cooldownSeconds = target.limits.cooldown ?? settings.cooldownSeconds;
  const cooling = await coolDownOf(tx, { executionId, target: action.target, cooldownSeconds });
  if (cooling !== null) return refuse('cool-down', cooling);
  const fencingToken = await takeTargets(tx, plan, {
    executionId,
    target: action.target,
    targets,
    leaseSeconds: settings.targetLeaseSeconds,
  });
  const call = callFrom(action);
  const undo = action.reversible ? undoOf(call, before) : null;
  const text = describeCall(call, action.target);
  const guarantee = guaranteeFor(effector.guarantee, call, before);
  await recordIntent(tx, {
    executionId,
    actionId: action.id,
    direction: 'forward',
    target: action.target,
    call,
    undo,
    guarantee,
    fencingToken,
    before,
    text,
  });
  if (step.isFirst) await begin(tx, step, settings.executionSlackSeconds);
  const number = plan.actions.indexOf(action) + 1;
  await tell(tx, plan, {
    event: 'step-started',
    text: `Step ${String(number)} of ${String(plan.actions.length)}: ${text}`,
    data: {
      executionId,
      actionId: action.id,
      action: action.action,
      target: action.target,
      policies: [...leave.policies],
    },
  });
  return null;
}

async function begin(tx: ExecuteTx, { run, plan, leave }: Arming, slackSeconds: number): Promise<void> {
  await tx.db
    .updateTable('execution')
    .set({
      state: 'in_progress',
      started_at: sql<Date>`clock_timestamp()`,
      deadline_at: sql<Date>`now() + make_interval(secs => ${executionSeconds(plan, slackSeconds)})`,
      baseline: JSON.stringify(leave.readings),
    })
    .where('id', '=', run.executionId)
    .execute();
  await tell(tx, plan, {
    event: 'execution-started',
    text: `Carrying out ${plan.strategy}: ${plan.actions.map((action) => describeCall(callFrom(action), action.target)).join(', then ')}`,
    data: { executionId: run.executionId },
  });
}

/** What a step costs in every budget it falls under: its target, its policies, its group, and all together. */
function chargesOf({ settings }: ExecuteDeps, { plan, action, target, leave }: Arming): Charge[] {
  const { risk, actions } = settings.budget;
  const amount = riskOf(action, leave.blastRadius, plan.rootCause?.confidence ?? null);
  const counted = (scope: string, limit: number): Charge => ({ scope, amount: 1, limit, unit: 'actions' });
  const weighed = (scope: string, limit: number): Charge => ({ scope, amount, limit, unit: 'risk' });
  return [
    weighed(`risk:target:${action.target}`, risk.target),
    weighed(`risk:group:${target.group}`, risk.group),
    weighed('risk:global', risk.global),
    counted(`actions:target:${action.target}`, target.limits.actionsPerHour),
    ...leave.policies.map((policy) =>
      counted(`actions:policy:${policy}`, Math.min(actions.policy, leave.perHour ?? Number.POSITIVE_INFINITY)),
    ),
    counted(`actions:group:${target.group}`, actions.group),
    counted('actions:global', actions.global),
  ];
}
