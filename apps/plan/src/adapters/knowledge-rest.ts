import { CharterError, Recommendation } from '@charter/shared/contracts';
import type { Teacher } from '../ports.ts';
import { askService, type Connection } from './ask-service.ts';

/** Knowledge over REST. Without it planning falls back to the pack's expectations, so an outage is an answer here: none. */
export function knowledgeOrNothing(connection: Connection, onSilence: (error: CharterError) => void): Teacher {
  return {
    async recommendation({ component, metric }) {
      try {
        return await askService(
          connection,
          '/api/v1/recommendations',
          { rootCause: metric, component },
          Recommendation,
        );
      } catch (error) {
        if (!(error instanceof CharterError)) throw error;
        onSilence(error);
        return null;
      }
    },
  };
}
