import type { CharterClient } from '@charter/shared/charter-client';
import { CharterError } from '@charter/shared/contracts';
import type { Decisions } from '../ports.ts';

/** Decisions from the charter. Its silence is no act for now; only its word is a denial for good. */
export const charterDecisions = (client: Pick<CharterClient, 'decide'>): Decisions => ({
  async decide(request) {
    const decision = await client.decide(request);
    if (decision.decisionId !== 'none') return decision;
    throw new CharterError('upstream-unavailable', decision.reasons[0]?.text ?? 'The charter did not answer');
  },
});
