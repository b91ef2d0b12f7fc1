import { Analysis, CharterError, pageOf } from '@charter/shared/contracts';

export interface Analyses {
  /** The newest analysis of an incident; null when there is none. Throws `upstream-unavailable`. */
  latestOf(incidentId: string): Promise<Analysis | null>;
}

const timeoutMs = 2_000;
const Page = pageOf(Analysis);

/** Analyses over REST, for incidents that have no outcome yet. */
export function analysesRest(url: string, apiKey: string | undefined): Analyses {
  return {
    async latestOf(incidentId) {
      try {
        const response = await fetch(new URL(`/api/v1/analyses?limit=1&incidentId=${incidentId}`, url), {
          headers: {
            accept: 'application/json',
            ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
          },
          redirect: 'error',
          signal: AbortSignal.timeout(timeoutMs),
        });
        if (!response.ok) throw new Error(`status ${String(response.status)}`);
        return Page.parse(await response.json()).items[0] ?? null;
      } catch (cause) {
        throw new CharterError('upstream-unavailable', 'Analyze did not answer about the incident', { cause });
      }
    },
  };
}
