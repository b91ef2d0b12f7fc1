export { type BackcastReport, backcast } from './backcast/backcast.ts';
export { situationAt } from './backcast/past-situation.ts';
export { charterAgain, grantedToAll, judgeBy, type RecordedAnswer } from './charter-again.ts';
export { runReplay } from './command.ts';
export { openHistory } from './history.ts';
export type { ReplayPack } from './read-pack.ts';
export { readPack } from './read-pack.ts';
export { replayHistory } from './replay-history.ts';
