import type { TimelineEntry } from '@charter/shared/contracts';
import type { ReceivedMessage, Store } from '@charter/store';
import { recordEntry } from '../adapters/incident-log.ts';
import type { SettingsStore } from '../adapters/settings.ts';
import type { OrchestratorMetrics } from '../metrics.ts';
import type { OrchestratorTables } from '../migrations.ts';

/** Adds what a stage said to its incident's story. */
export function onTimeline(deps: {
  store: Store<OrchestratorTables>;
  settings: SettingsStore;
  metrics: OrchestratorMetrics;
}) {
  return async (message: ReceivedMessage<TimelineEntry>): Promise<boolean> => {
    const { incidentDeadlineSeconds } = await deps.settings.current();
    const { id, cycleId = null, data } = message;
    const fresh = await deps.store.consume(message, async (tx) => {
      await recordEntry(tx, { id, cycleId }, data, incidentDeadlineSeconds);
    });
    if (fresh) deps.metrics.heard(data.stage, data.event);
    return fresh;
  };
}
