export type { KeyedTally } from './action-evidence.ts';
export { adaptationFrom } from './adaptation-from.ts';
export { isRelapse } from './is-relapse.ts';
export { lessonFrom } from './lesson-from.ts';
export { recommendationFrom } from './recommendation-from.ts';
export { type TallyKey, trialsOf } from './trials-of.ts';
