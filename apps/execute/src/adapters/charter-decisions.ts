import type { CharterClient } from '@charter/shared/charter-client';
import { type Approval, CharterError } from '@charter/shared/contracts';
import type { Decisions } from '../ports.ts';

/** Decisions from the charter. Its silence is no act for now; only its word is a denial for good. */
export const charterDecisions = (client: Pick<CharterClient, 'decide' | 'approvals'>): Decisions => ({
  async decide(request) {
    const decision = await client.decide(request);
    if (decision.decisionId !== 'none') return decision;
    throw new CharterError('upstream-unavailable', decision.reasons[0]?.text ?? 'The charter did not answer');
  },
  approvalOf: (planId) => findApproval(client, planId),
});

const pageSize = 100;
/** An approval further back than this is older than any plan. */
const mostPages = 20;

async function findApproval(client: Pick<CharterClient, 'approvals'>, planId: string): Promise<Approval | null> {
  let cursor: string | null = null;
  for (let page = 0; page < mostPages; page += 1) {
    const query: { limit: number; cursor?: string } = { limit: pageSize, ...(cursor === null ? {} : { cursor }) };
    const { items, nextCursor } = await client.approvals(query);
    const found = items.find((approval) => approval.planId === planId);
    if (found) return found;
    if (nextCursor === null) return null;
    cursor = nextCursor;
  }
  return null;
}
