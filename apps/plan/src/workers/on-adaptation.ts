import type { Adaptation } from '@charter/shared/contracts';
import { keepAdaptation } from '@charter/stage';
import type { ReceivedMessage, Store } from '@charter/store';
import type { PlanTables } from '../adapters/tables.ts';

/** Keeps the newest adaptation of each subject; `strategy-belief` of a strategy moves what the pack expects of it. */
export function onAdaptation(store: Store<PlanTables>) {
  return (message: ReceivedMessage<Adaptation>): Promise<boolean> => {
    const { value, confidence } = message.data;
    return store.consume(message, (tx) => keepAdaptation(tx, message.data, { value, confidence }));
  };
}
