export { type Column, rowsOf } from './column-rows.ts';
export { digestOf } from './digest.ts';
export { newId } from './ids.ts';
export type { Migrations } from './migrate.ts';
export { pageFrom } from './page.ts';
export { buryMessage, outboxBacklog, type Relay, type RelayOptions, reviveMessage, startRelay } from './relay.ts';
export {
  type EnqueueOptions,
  type OutboxMessage,
  openStore,
  type ReceivedMessage,
  type Store,
  type StoreOptions,
  type Tx,
} from './store.ts';
export { unavailableFrom } from './unavailable.ts';
