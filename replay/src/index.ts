export { type BackcastReport, backcast } from './backcast/backcast.ts';
export { runReplay } from './command.ts';
export { openHistory } from './history.ts';
export { readPack } from './read-pack.ts';
export { replayHistory } from './replay-history.ts';
