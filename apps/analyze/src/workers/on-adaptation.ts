import type { Adaptation } from '@charter/shared/contracts';
import { keepAdaptation } from '@charter/stage';
import type { ReceivedMessage, Store } from '@charter/store';
import type { AnalyzeTables } from '../migrations.ts';

/** Keeps the newest word of Knowledge on what confidences are worth; points that change nothing take it back. */
export function onAdaptation(store: Store<AnalyzeTables>) {
  return (message: ReceivedMessage<Adaptation>): Promise<boolean> => {
    const { kind, points = [] } = message.data;
    return store.consume(message, async (tx) => {
      if (kind !== 'confidence') return;
      const ascending = points.toSorted((a, b) => a.from - b.from);
      await keepAdaptation(tx, message.data, { points: JSON.stringify(ascending) });
    });
  };
}
