import { charterPlanner, oracle } from './charter-planner.ts';
import type { PolicyMaker } from './policy.ts';
import { queueingPlanner } from './queueing-planner.ts';
import { nothing, reactive, reactive2 } from './threshold-rules.ts';

/** Every policy by the name it is printed under. */
export const policies = {
  'do nothing': nothing,
  Reactive: reactive,
  Reactive2: reactive2,
  'queueing planner': queueingPlanner,
  'Charter planner': charterPlanner,
  oracle,
} satisfies Readonly<Record<string, PolicyMaker>>;
export type PolicyName = keyof typeof policies;
