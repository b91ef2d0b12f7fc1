import type { Run } from '../adapters/claims.ts';
import type { Loaded } from '../adapters/load-execution.ts';
import { ownSilencesOf } from '../domain/trigger.ts';
import type { CarryDeps } from './deps.ts';
import { type GateAnswer, passGates } from './pass-gates.ts';
import { readBefore } from './read-before.ts';
import { type Sent, sendStep } from './send-step.ts';

export type StepAnswer = Sent | Exclude<GateAnswer<unknown>, { kind: 'pass' }>;

/** One step forward: gates, arming, effect, result. Whatever happens in between, the journal knows how far it came. */
export async function takeStep(
  deps: CarryDeps,
  run: Run,
  { row, steps }: Loaded,
  actionId: string,
): Promise<StepAnswer> {
  const { plan } = row;
  const action = plan.actions.find(({ id }) => id === actionId);
  if (!action) throw new Error(`Plan ${plan.id} has no action ${actionId}`);
  const target = deps.targets.find(action.target);
  if (target === null)
    return { kind: 'refuse', gate: 'target', reason: `The active pack has no target ${action.target}`, ask: false };
  const isFirst = row.started_at === null;
  const ownSilences = ownSilencesOf(steps.map(({ after_spec }) => after_spec));
  const leave = await passGates(deps, {
    executionId: run.executionId,
    plan,
    action,
    target,
    isFirst,
    ownSilences,
    brake: deps.record.brake,
  });
  if (leave.kind !== 'pass') return leave;
  const effector = await deps.effectors.of(target);
  const read = await readBefore(effector, action);
  if (read.kind !== 'read') return read;
  const { before } = read;
  const armed = await deps.record.arm({ run, plan, action, target, effector, before, leave, isFirst });
  if (armed.kind === 'refuse') return armed;
  await deps.checkpoint('intent-journalled', run.executionId);
  return sendStep(deps, run, { plan, action, direction: 'forward', effector, leave });
}
