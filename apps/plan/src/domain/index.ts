export type { Attempt } from './attempt.ts';
export type { Beliefs } from './beliefs.ts';
export { type Choice, draftPlan } from './draft-plan.ts';
export { explain } from './explain.ts';
export { type Proposal, propose, type Situation } from './propose.ts';
export { defaultSettings, type PlanningSettings } from './settings.ts';
export { sizeFor } from './size-for.ts';
export { type Brake, brakeAfter, released } from './storm-brake.ts';
