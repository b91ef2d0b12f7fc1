import type { Plan, PlannedAction, Target } from '@charter/shared/contracts';
import { type OpenBudgets, openBudgets } from '../adapters/budget-records.ts';
import { ClaimLost, lockClaims, type Run } from '../adapters/claims.ts';
import type { ExecuteTx } from '../adapters/execution-records.ts';
import { type Intent, recordIntents, stepsWithIntent } from '../adapters/step-records.ts';
import { lockTargets } from '../adapters/target-records.ts';
import { callFrom, describeCall, guaranteeFor, undoOf } from '../domain/actuation.ts';
import type { Charge } from '../domain/budget.ts';
import { chargesOf } from '../domain/charges.ts';
import { executionSeconds } from '../domain/execution.ts';
import { refuseGeneration, refuseTarget, type TargetStanding } from '../domain/target-standing.ts';
import type { Effector } from '../ports.ts';
import type { ExecuteDeps } from './deps.ts';
import type { StepLeave } from './pass-gates.ts';
import type { Before } from './read-before.ts';
import { tell } from './tell.ts';

export interface Arming {
  readonly run: Run;
  readonly plan: Plan;
  readonly action: PlannedAction;
  readonly target: Target;
  readonly effector: Effector;
  readonly before: Before;
  readonly leave: StepLeave;
  readonly isFirst: boolean;
}

/** Armed, or why not. */
export type Armed =
  | { readonly kind: 'armed' }
  | { readonly kind: 'refuse'; readonly gate: string; readonly reason: string; readonly ask: boolean };

/**
 * Compare-and-set on the generation, then breaker, cool-down and budgets, then the intent: one transaction, all or none.
 * Several steps are armed one after the other under the same locks; each sees what the ones before it took.
 */
export async function armSteps(
  deps: Pick<ExecuteDeps, 'settings'>,
  tx: ExecuteTx,
  steps: readonly Arming[],
): Promise<(Armed | ClaimLost)[]> {
  const { breaker, budget } = deps.settings;
  const mine = await lockClaims(
    tx,
    steps.map(({ run }) => run),
  );
  const targets = steps.flatMap(({ plan }) => plan.actions.map(({ target }) => target));
  const standings = new Map(
    (await lockTargets(tx, targets, breaker.windowSeconds)).map((standing) => [standing.target, standing]),
  );
  // An earlier attempt at arming a step, before a crash, was charged: a step costs once.
  const charged = await stepsWithIntent(tx, [...mine]);
  const charges = new Map(
    steps.map((step) => [step, charged.has(intentKey(step)) ? [] : chargesOf({ ...step, ...step.leave }, budget)]),
  );
  const scopes = [...charges.values()].flat().map(({ scope }) => scope);
  const budgets = await openBudgets(tx, scopes, budget.windowSeconds);
  const intents: Intent[] = [];
  const answers = steps.map((step): Armed | ClaimLost => {
    if (!mine.has(step.run.executionId)) return new ClaimLost(step.run.executionId);
    const refused = refuseStep(deps, step, { standings, budgets, charges: charges.get(step) ?? [] });
    if (refused !== null) return refused;
    const intent = intentOf(deps, step);
    intents.push(intent);
    for (const name of intent.take?.targets ?? []) holdTarget(standings, name, step);
    return { kind: 'armed' };
  });
  await budgets.write();
  if (intents.length > 0) await recordIntents(tx, intents);
  for (const [index, step] of steps.entries()) {
    const answer = answers[index];
    if (answer !== undefined && !(answer instanceof Error) && answer.kind === 'armed') await tellOf(tx, step);
  }
  return answers;
}

const intentKey = ({ run, action }: Arming): string => `${run.executionId} ${action.id}`;

function refuseStep(
  { settings }: Pick<ExecuteDeps, 'settings'>,
  { run, plan, target, action }: Arming,
  {
    standings,
    budgets,
    charges,
  }: { standings: ReadonlyMap<string, TargetStanding>; budgets: OpenBudgets; charges: readonly Charge[] },
): Armed | null {
  const { executionId } = run;
  const refuse = (gate: string, reason: string): Armed => ({ kind: 'refuse', gate, reason, ask: false });
  const touched = [...new Set(plan.actions.map((each) => each.target))].flatMap((name) => standings.get(name) ?? []);
  const own = standings.get(action.target);
  const cooldownSeconds = target.limits.cooldown ?? settings.cooldownSeconds;
  const refused =
    refuseGeneration(plan, touched, executionId) ??
    (own ? refuseTarget(own, executionId, { breaker: settings.breaker, cooldownSeconds }) : null);
  if (refused !== null) return refuse(refused.gate, refused.reason);
  const exhausted = budgets.debit(charges);
  return exhausted === null ? null : refuse('budget', exhausted);
}

function intentOf(
  { settings }: Pick<ExecuteDeps, 'settings'>,
  { run, plan, action, effector, before, leave, isFirst }: Arming,
): Intent {
  const call = callFrom(action);
  return {
    run,
    actionId: action.id,
    direction: 'forward',
    target: action.target,
    call,
    undo: action.reversible ? undoOf(call, before.spec) : null,
    guarantee: guaranteeFor(effector.guarantee, call, before.spec),
    before: before.spec,
    mark: before.mark,
    text: describeCall(call, action.target),
    take: {
      plan,
      targets: [...new Set(plan.actions.map(({ target }) => target))],
      leaseSeconds: settings.targetLeaseSeconds,
    },
    begin: isFirst
      ? { baseline: leave.readings, seconds: executionSeconds(plan, settings.executionSlackSeconds) }
      : null,
  };
}

function holdTarget(standings: Map<string, TargetStanding>, name: string, { run, plan }: Arming): void {
  const standing = standings.get(name);
  if (!standing) return;
  const generation = plan.generations[name] ?? standing.generation;
  standings.set(name, { ...standing, generation, holder: run.executionId, isExpired: false });
}

async function tellOf(tx: ExecuteTx, { run, plan, action, leave, isFirst }: Arming): Promise<void> {
  const { executionId } = run;
  if (isFirst) {
    const calls = plan.actions.map((each) => describeCall(callFrom(each), each.target));
    await tell(tx, plan, {
      event: 'execution-started',
      text: `Carrying out ${plan.strategy}: ${calls.join(', then ')}`,
      data: { executionId },
    });
  }
  const number = plan.actions.indexOf(action) + 1;
  await tell(tx, plan, {
    event: 'step-started',
    text: `Step ${String(number)} of ${String(plan.actions.length)}: ${describeCall(callFrom(action), action.target)}`,
    data: {
      executionId,
      actionId: action.id,
      action: action.action,
      target: action.target,
      policies: [...leave.policies],
    },
  });
}
