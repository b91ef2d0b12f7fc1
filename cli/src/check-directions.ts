import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { askServer, type ServerAddress, tellServer, textOf } from './ask-server.ts';

const Status = z.object({
  versionInfo: z.object({ version: z.string() }),
  config: z.object({ original: z.string() }),
});

/** Whether an alert finds its way from Alertmanager to Monitor, in words. */
export interface WayBack {
  readonly works: boolean;
  readonly said: string;
}

const webhookPath = '/webhooks/alerts';
const pollMs = 200;
const testAlertSeconds = 60;

/** Asks Alertmanager what it is. @throws InitError */
export async function readAlertmanager(server: ServerAddress): Promise<{ version: string; config: string }> {
  const { versionInfo, config } = await askServer(server, 'api/v2/status', Status);
  return { version: versionInfo.version, config: config.original };
}

/**
 * Sends a test alert (severity `none`, so that nothing acts on it) through Alertmanager and waits for it at Monitor. Sends
 * none when Monitor does not run, or no receiver names its webhook: then there is nothing to find out.
 */
export async function checkWayBack(
  alertmanager: ServerAddress,
  monitor: ServerAddress,
  config: string,
  waitSeconds: number,
): Promise<WayBack> {
  if (!config.includes(webhookPath)) return { works: false, said: 'no receiver of Alertmanager calls Monitor yet' };
  const before = await callsTaken(monitor);
  if (before === null) return { works: false, said: `Monitor does not answer at ${monitor.url}` };
  const endsAt = new Date(Date.now() + testAlertSeconds * 1_000).toISOString();
  const labels = { alertname: 'CharterConnectionTest', severity: 'none', component: 'charter' };
  const annotations = { summary: 'Charter tries whether alerts reach it. Nothing is wrong.' };
  await tellServer(alertmanager, 'api/v2/alerts', [{ labels, annotations, endsAt }]);
  const deadline = performance.now() + waitSeconds * 1_000;
  while (performance.now() < deadline) {
    if (((await callsTaken(monitor)) ?? before) > before) return { works: true, said: 'a test alert reached Monitor' };
    await pause(pollMs);
  }
  return { works: false, said: `a test alert did not reach Monitor within ${String(waitSeconds)} s` };
}

/** Webhook calls that Monitor has stored since it started; null when it does not answer. */
async function callsTaken(monitor: ServerAddress): Promise<number | null> {
  const text = await textOf(monitor, '/metrics');
  const count = /^charter_monitor_webhook_requests_total\{result="stored"\} (\d+)/m.exec(text ?? '')?.[1];
  return count === undefined ? null : Number(count);
}

/** What to paste into Alertmanager's configuration. */
export const receiverSnippet = (monitorUrl: string): string => `receivers:
  - name: charter
    webhook_configs:
      # max_alerts 0: no alert of a group is left out. Where Charter asks for a key, add
      # http_config: { authorization: { credentials: <key of an operator> } }
      - { url: '${monitorUrl.replace(/\/$/, '')}${webhookPath}', send_resolved: true, max_alerts: 0 }
route:
  routes:
    # First of all routes; continue hands every alert on to yours.
    - { receiver: charter, matchers: [], group_by: [alertname, component, service, job], group_wait: 5s, group_interval: 15s, continue: true }`;
