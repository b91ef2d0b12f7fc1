import type { ActionParameters, ActionType } from '@charter/shared/contracts';
import { canonicalJson } from '@charter/shared/contracts';
import type { ResourceChange } from './candidate.ts';
import { type Observed, settingFrom } from './fill-parameters.ts';

/** Which settings an action moves, and in which direction: what oscillation is seen by. */
export function resourceChanges(
  action: ActionType,
  target: string,
  parameters: ActionParameters,
  observed: Observed,
): ResourceChange[] {
  if (action === 'RESTART_SERVICE') return [{ target, resource: 'process', sign: 0, value: 'null' }];
  const { key, value, ...direct } = parameters;
  const settings: [string, string, ActionParameters[string]][] = Object.entries(direct).map(([name, to]) => [
    name,
    name,
    to,
  ]);
  if (typeof key === 'string' && value !== undefined) settings.push([key, 'value', value]);
  return settings.map(([resource, parameter, to]) => ({
    target,
    resource,
    sign: directionOf(settingFrom(observed.spec, parameter, parameters), to, action),
    value: canonicalJson(to),
  }));
}

function directionOf(from: unknown, to: unknown, action: ActionType): -1 | 0 | 1 {
  if (typeof to === 'number' && typeof from === 'number') return to > from ? 1 : to < from ? -1 : 0;
  if (action === 'SCALE_UP') return 1;
  if (action === 'SCALE_DOWN') return -1;
  return 0;
}
