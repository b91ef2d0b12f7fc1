import type { Plan, PlannedAction } from '@charter/shared/contracts';
import { nullStrategy } from './rank-plans.ts';

/** An action as a person would say it. */
export function actionText({
  action,
  target,
  parameters,
}: Pick<PlannedAction, 'action' | 'target' | 'parameters'>): string {
  const settings = Object.entries(parameters).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return `${action} ${target}${settings.length > 0 ? ` (${settings.join(', ')})` : ''}`;
}

export const actionsText = (actions: readonly PlannedAction[]): string => actions.map(actionText).join(', then ');

/** Why this plan, and why not the others: everything a person needs to approve or reject it. */
export function explain(plan: Plan): string[] {
  const cause = plan.rootCause;
  return [
    plan.strategy === nullStrategy ? 'Do nothing.' : `${plan.strategy}: ${actionsText(plan.actions)}.`,
    cause
      ? `Root cause: ${cause.metric} of ${cause.component}, ${(cause.confidence * 100).toFixed(0)} % certain.`
      : 'No root cause is known.',
    ...plan.reasons,
    ...plan.alternatives
      .filter(({ strategy, summary }) => strategy !== plan.strategy || summary !== actionsText(plan.actions))
      .map(({ strategy, summary, utility, blockedBy }) => {
        const what =
          strategy === nullStrategy ? 'Doing nothing' : `${strategy}${summary === '' ? '' : ` (${summary})`}`;
        return `${what} is worth ${utility.toFixed(3)}${blockedBy === null ? '' : `; not now: ${blockedBy}`}.`;
      }),
  ];
}
