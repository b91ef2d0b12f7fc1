import { CharterError, Disposition, OutcomeType, pageOf, TargetState } from '@charter/shared/contracts';
import { z } from 'zod';
import type { ExecutionSeen, Executor } from '../ports.ts';
import { askService, type Connection } from './ask-service.ts';

const TargetPage = pageOf(TargetState);
const ExecutionPage = pageOf(
  z.object({
    id: z.string(),
    planId: z.string(),
    state: z.string(),
    outcomeType: OutcomeType.nullable(),
    disposition: Disposition.nullable().default(null),
    dryRun: z.boolean().default(false),
  }),
);
const pageSize = '500';

/** Execute over REST. */
export function executeRest(connection: Connection): Executor {
  async function all<Item>(path: string, query: Record<string, string>, page: z.ZodType<Page<Item>>): Promise<Item[]> {
    const items: Item[] = [];
    let cursor: string | null = null;
    do {
      const asked: Record<string, string> = { ...query, limit: pageSize, ...(cursor === null ? {} : { cursor }) };
      const answer: Page<Item> | null = await askService(connection, path, asked, page);
      if (!answer) throw new CharterError('upstream-unavailable', `${connection.name} has no ${path}`);
      items.push(...answer.items);
      cursor = answer.nextCursor;
    } while (cursor !== null);
    return items;
  }
  return {
    async targetStates() {
      const states = await all('/api/v1/targets', {}, TargetPage);
      return new Map(states.map((state) => [state.name, state]));
    },
    async executionsOf({ planId }) {
      const executions: ExecutionSeen[] = await all('/api/v1/executions', { planId }, ExecutionPage);
      return executions.filter(({ dryRun }) => !dryRun);
    },
  };
}

interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}
