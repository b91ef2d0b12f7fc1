import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';

/** The configuration in the repository is written for this address and the default ports. */
const written = /127\.0\.0\.1:(\d+)/g;
const deployDir = fileURLToPath(new URL('../../deploy/', import.meta.url));

/** Where a part that listens on `defaultPort` by default answers here, as `host:port`. */
export type AddressOf = (defaultPort: number) => string;

/** Chat and pager targets; those not set are simply absent. */
export interface NotificationTargets {
  readonly slackWebhookUrl?: string | undefined;
  readonly pagerDutyRoutingKey?: string | undefined;
  /** Bearer key that Monitor's webhook asks for, when authentication is on. */
  readonly monitorApiKey?: string | undefined;
}

export function targetsFrom(environment: Readonly<Record<string, string | undefined>>): NotificationTargets {
  return {
    slackWebhookUrl: environment.CHARTER_SLACK_WEBHOOK_URL || undefined,
    pagerDutyRoutingKey: environment.CHARTER_PAGERDUTY_ROUTING_KEY || undefined,
    monitorApiKey: environment.CHARTER_API_KEY || undefined,
  };
}

export async function prometheusConfig(addressOf: AddressOf): Promise<string> {
  const text = await readFile(join(deployDir, 'prometheus/prometheus.yml'), 'utf8');
  return addressed(text, addressOf).replaceAll('rules/', join(deployDir, 'prometheus/rules/'));
}

export async function alertmanagerConfig(addressOf: AddressOf, targets: NotificationTargets): Promise<string> {
  const text = await readFile(join(deployDir, 'alertmanager/alertmanager.yml'), 'utf8');
  const document = parseDocument(addressed(text, addressOf));
  const config = document.toJS() as AlertmanagerConfig;
  for (const [index, receiver] of config.receivers.entries()) {
    const { slackWebhookUrl, pagerDutyRoutingKey, monitorApiKey } = targets;
    if (slackWebhookUrl !== undefined && receiver.name !== 'default') {
      document.setIn(['receivers', index, 'slack_configs'], [{ api_url: slackWebhookUrl, send_resolved: true }]);
    }
    if (pagerDutyRoutingKey !== undefined && receiver.name === 'critical-security') {
      document.setIn(['receivers', index, 'pagerduty_configs'], [{ routing_key: pagerDutyRoutingKey }]);
    }
    if (monitorApiKey !== undefined) {
      for (const webhook of receiver.webhook_configs.keys()) {
        const at = ['receivers', index, 'webhook_configs', webhook, 'http_config', 'authorization'];
        document.setIn(at, { credentials: monitorApiKey });
      }
    }
  }
  return document.toString();
}

interface AlertmanagerConfig {
  readonly receivers: ReadonlyArray<{ readonly name: string; readonly webhook_configs: readonly unknown[] }>;
}

const addressed = (text: string, addressOf: AddressOf): string =>
  text.replaceAll(written, (_match, port: string) => addressOf(Number(port)));

/** Writes both configurations into `folder` and answers where. */
export async function writeServerConfigs(folder: string, addressOf: AddressOf, targets: NotificationTargets) {
  await mkdir(folder, { recursive: true });
  const paths = { prometheus: join(folder, 'prometheus.yml'), alertmanager: join(folder, 'alertmanager.yml') };
  await writeFile(paths.prometheus, await prometheusConfig(addressOf));
  await writeFile(paths.alertmanager, await alertmanagerConfig(addressOf, targets), { mode: 0o644 });
  return paths;
}
