import { restoreTestbed, type Testbed, type World } from '@charter/app-testbed/model';
import type { Actuated } from './actuators.ts';

/** How many components miss an objective now, as the testbed itself judges it. */
export const unhealthyIn = (testbed: Testbed): number =>
  Object.values(testbed.state()).filter(({ healthy }) => !healthy).length;

/** Two copies of the system, one with an action and one without, are compared over this long. */
const comparedSeconds = 30;
/** More component-seconds outside the objectives than this are more than chance and the action's own delay. */
const harmlessUpTo = (withoutIt: number): number => 1.15 * withoutIt + 5;

export interface Judged {
  /** Component-seconds outside the objectives in the time after the action, with it and without. */
  readonly withIt: number;
  readonly withoutIt: number;
  readonly harmful: boolean;
}

/** Judges an action by what the same system would have done without it; `before` is the world just before it. */
export function judgeAction(before: World, { component, order }: Actuated): Judged {
  const acted = restoreTestbed(before);
  acted.actuate(component, order);
  const withIt = badSeconds(acted);
  const withoutIt = badSeconds(restoreTestbed(before));
  return { withIt, withoutIt, harmful: withIt > harmlessUpTo(withoutIt) };
}

function badSeconds(testbed: Testbed): number {
  let bad = 0;
  for (let second = 0; second < comparedSeconds; second += 1) {
    testbed.advance(1);
    bad += unhealthyIn(testbed);
  }
  return bad;
}
