import type { Adaptation } from '@charter/shared/contracts';
import { keepAdaptation } from '@charter/stage';
import type { ReceivedMessage, Store } from '@charter/store';
import type { MonitorTables } from '../tables.ts';

/** Keeps the newest word of Knowledge on how long violations of a metric may wait; 0 takes it back. */
export function onAdaptation({
  store,
  onKept,
}: {
  readonly store: Store<MonitorTables>;
  readonly onKept: () => Promise<void>;
}) {
  return async (message: ReceivedMessage<Adaptation>): Promise<boolean> => {
    const { kind, value } = message.data;
    const fresh = await store.consume(message, async (tx) => {
      if (kind === 'hold') await keepAdaptation(tx, message.data, { value: Math.max(0, value) });
    });
    await onKept();
    return fresh;
  };
}
