import type { Log } from '@charter/service';
import type { Incident } from '../domain/incident.ts';

const timeoutMs = 5_000;

/** Posts escalations as Slack-compatible JSON; without a URL they only reach the log. */
export function escalationWebhook(url: string | undefined, log: Log) {
  return async (incident: Incident, text: string): Promise<void> => {
    log.warn({ incidentId: incident.id, component: incident.component }, text);
    if (url === undefined) return;
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text, incidentId: incident.id, component: incident.component }),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: unknown) => {
      log.error({ err: error, incidentId: incident.id }, 'escalation could not be posted');
      return null;
    });
    if (response && !response.ok) {
      log.error({ incidentId: incident.id, status: response.status }, 'escalation was refused');
    }
  };
}
