import { Analysis } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import type { Analyses } from '../ports.ts';
import { askService, type Connection } from './ask-service.ts';
import { analysisById } from './incident-records.ts';
import type { PlanTables } from './tables.ts';

/** The newest analysis of each incident from the own record, older ones from analyze. */
export function analysesFrom(store: Store<PlanTables>, analyze: Connection): Analyses {
  return {
    async find(id) {
      return (await analysisById(store, id)) ?? askService(analyze, `/api/v1/analyses/${id}`, {}, Analysis);
    },
  };
}
