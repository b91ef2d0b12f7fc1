import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';

/** The configuration in the repository is written for this address and the default ports. */
const written = /127\.0\.0\.1:(\d+)/g;
const deployDir = fileURLToPath(new URL('../../deploy/', import.meta.url));

/** Where a part that listens on `defaultPort` by default answers here, as `host:port`. */
export type AddressOf = (defaultPort: number) => string;

/** Chat, pager and heartbeat targets; those not set are simply absent. */
export interface NotificationTargets {
  readonly slackWebhookUrl?: string | undefined;
  readonly pagerDutyRoutingKey?: string | undefined;
  /** Called once a minute while alerts find their way: who listens there raises the alarm when it stops. */
  readonly heartbeatUrl?: string | undefined;
  /** Bearer key that Monitor's webhook asks for, when authentication is on. */
  readonly monitorApiKey?: string | undefined;
}

export function targetsFrom(environment: Readonly<Record<string, string | undefined>>): NotificationTargets {
  return {
    slackWebhookUrl: environment.CHARTER_SLACK_WEBHOOK_URL || undefined,
    pagerDutyRoutingKey: environment.CHARTER_PAGERDUTY_ROUTING_KEY || undefined,
    heartbeatUrl: environment.CHARTER_HEARTBEAT_URL || undefined,
    monitorApiKey: environment.CHARTER_API_KEY || undefined,
  };
}

/** Prometheus's configuration for these addresses, with its rules in `rulesFolder`. */
export async function prometheusConfig(
  addressOf: AddressOf,
  rulesFolder = join(deployDir, 'prometheus/rules'),
): Promise<string> {
  const text = await readFile(join(deployDir, 'prometheus/prometheus.yml'), 'utf8');
  return addressed(text, addressOf).replaceAll('rules/*.yml', join(rulesFolder, '*.yml'));
}

/** Alertmanager's configuration for these addresses and targets. It holds secrets when the targets do. */
export async function alertmanagerConfig(addressOf: AddressOf, targets: NotificationTargets): Promise<string> {
  const text = await readFile(join(deployDir, 'alertmanager/alertmanager.yml'), 'utf8');
  const { route, receivers, ...rest }: AlertmanagerConfig = parse(addressed(text, addressOf));
  const { heartbeatUrl } = targets;
  const config = {
    ...rest,
    route: heartbeatUrl === undefined ? route : { ...route, routes: [heartbeatRoute, ...route.routes] },
    receivers: [
      ...receivers.map((receiver) => withTargets(receiver, targets)),
      ...(heartbeatUrl === undefined ? [] : [heartbeatReceiver(heartbeatUrl)]),
    ],
  };
  return stringify(config, { aliasDuplicateObjects: false });
}

interface Receiver {
  readonly name: string;
  readonly webhook_configs: ReadonlyArray<Readonly<Record<string, unknown>>>;
}

interface AlertmanagerConfig {
  readonly route: { readonly routes: readonly unknown[] };
  readonly receivers: readonly Receiver[];
}

function withTargets({ name, webhook_configs }: Receiver, targets: NotificationTargets) {
  const { slackWebhookUrl, pagerDutyRoutingKey, monitorApiKey } = targets;
  const http_config = { authorization: { credentials: monitorApiKey } };
  return {
    name,
    webhook_configs:
      monitorApiKey === undefined ? webhook_configs : webhook_configs.map((webhook) => ({ ...webhook, http_config })),
    ...(slackWebhookUrl !== undefined &&
      name !== 'default' && { slack_configs: [{ api_url: slackWebhookUrl, send_resolved: true, ...slackMessage }] }),
    ...(pagerDutyRoutingKey !== undefined &&
      name === 'critical-security' && { pagerduty_configs: [{ routing_key: pagerDutyRoutingKey }] }),
  };
}

/** Alertmanager fills these in: what happened, and what to do. */
const slackMessage = {
  title: '{{ .CommonLabels.alertname }} ({{ .Status }})',
  text: '{{ range .Alerts }}{{ .Annotations.summary }} ({{ .Annotations.runbook_url }})\n{{ end }}',
};

const heartbeatRoute = {
  matchers: ['alertname="Watchdog"'],
  receiver: 'heartbeat',
  group_wait: '0s',
  group_interval: '1m',
  repeat_interval: '1m',
};

const heartbeatReceiver = (url: string) => ({ name: 'heartbeat', webhook_configs: [{ url, send_resolved: false }] });

const addressed = (text: string, addressOf: AddressOf): string =>
  text.replaceAll(written, (_match, port: string) => addressOf(Number(port)));

/** Writes both configurations into `folder`, for this user's eyes, and answers where. */
export async function writeServerConfigs(folder: string, addressOf: AddressOf, targets: NotificationTargets) {
  await mkdir(folder, { recursive: true });
  const paths = { prometheus: join(folder, 'prometheus.yml'), alertmanager: join(folder, 'alertmanager.yml') };
  await writeFile(paths.prometheus, await prometheusConfig(addressOf));
  await writeFile(paths.alertmanager, await alertmanagerConfig(addressOf, targets), { mode: 0o600 });
  return paths;
}
