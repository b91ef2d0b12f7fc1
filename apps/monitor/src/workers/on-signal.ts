import type { Signal } from '@charter/shared/contracts';
import type { ReceivedMessage, Store } from '@charter/store';
import { deriveAlone } from '../adapters/remembered.ts';
import { observeSignal } from '../domain/observe-signal.ts';
import type { MonitorTables } from '../tables.ts';
import { applyObservations, type DeriveDeps } from './apply-observations.ts';

export interface OnSignalDeps extends DeriveDeps {
  readonly store: Store<MonitorTables>;
}

/** Enforcement events of the Charter become violations on the same path as everything else. */
export function onSignal(deps: OnSignalDeps): (message: ReceivedMessage<Signal>) => Promise<boolean> {
  const { store, environment, metrics } = deps;
  return (message) =>
    store.consume(message, async (tx) => {
      const isOurs = message.data.environment === environment;
      metrics.signal(isOurs ? 'taken' : 'foreign');
      if (!isOurs) return;
      await deriveAlone(tx.db);
      await applyObservations(tx, [observeSignal(message.data, deps.watch(), deps.clock())], deps);
    });
}
