import { alertmanagerConfig, composeAddress, targetsFrom } from '@charter/launcher';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { amtool, deploy, withFile } from './checkers.ts';

const config = deploy('alertmanager/alertmanager.yml');
const receivers = ['default', 'critical-security', 'security-warnings', 'sre-warnings', 'info-alerts'];
const nothing = targetsFrom({});
const everything = targetsFrom({
  CHARTER_SLACK_WEBHOOK_URL: 'https://chat.example.com/hook',
  CHARTER_PAGERDUTY_ROUTING_KEY: 'routing-key',
  CHARTER_HEARTBEAT_URL: 'https://heartbeat.example.com/charter',
  CHARTER_API_KEY: 'key-of-monitor',
});
const local = (port: number): string => `127.0.0.1:${String(port)}`;

/** Which receiver alerts with these labels reach, by Alertmanager's own judgment. */
async function receiverOf(labels: Readonly<Record<string, string>>, file = config): Promise<string> {
  const pairs = Object.entries(labels).map((pair) => pair.join('='));
  const [receiver = ''] = (await amtool('config', 'routes', 'test', `--config.file=${file}`, ...pairs)).split('\n');
  return receiver;
}

test('the configuration in the repository is valid as it is', async () => {
  expect(await amtool('check-config', config)).toContain('SUCCESS');
});

describe('an alert goes', () => {
  test.for([
    [{ alertname: 'PolicyLoadFailure', severity: 'critical', team: 'security' }, 'critical-security'],
    [{ alertname: 'CharterServiceDown', severity: 'critical', team: 'infrastructure' }, 'critical-security'],
    [{ alertname: 'ForbiddenMetricSpike', severity: 'warning', team: 'security' }, 'security-warnings'],
    [{ alertname: 'DeadLetters', severity: 'warning', team: 'infrastructure' }, 'sre-warnings'],
    [{ alertname: 'HighViolationInvestigationRate', severity: 'info', team: 'security' }, 'info-alerts'],
    [{ alertname: 'LoopPaused', severity: 'info', team: 'infrastructure' }, 'info-alerts'],
    [{ alertname: 'SomebodyElses', severity: 'warning', team: 'shop' }, 'default'],
    [{ alertname: 'WithoutSeverity' }, 'default'],
    [{ alertname: 'TestbedComponentFailing', severity: 'critical', group: 'testbed' }, 'default'],
    [{ alertname: 'Watchdog', severity: 'none', team: 'infrastructure' }, 'default'],
  ] as const)('with %j to %s', async ([labels, receiver]) => {
    expect(await receiverOf(labels)).toBe(receiver);
  });
});

test('waits and repeats are those of the domain, the demo target alone is told of at once', async () => {
  const { route } = parse(await alertmanagerConfig(local, nothing));
  expect(route).toMatchObject({
    group_by: ['alertname', 'cluster', 'service'],
    group_wait: '10s',
    repeat_interval: '4h',
  });
  const repeats = route.routes.map((each: Record<string, string>) => [
    each.receiver,
    each.group_wait,
    each.repeat_interval,
  ]);
  expect(repeats).toEqual([
    ['default', '0s', '1m'],
    ['critical-security', undefined, '1h'],
    ['security-warnings', undefined, '30m'],
    ['sre-warnings', undefined, '2h'],
    ['info-alerts', undefined, '12h'],
  ]);
});

describe('rendered', () => {
  test.for([
    [
      'for another port base',
      (port: number) => `127.0.0.1:${String(port + 100)}`,
      'http://127.0.0.1:8102/webhooks/alerts',
    ],
    ['for compose', composeAddress, 'http://monitor:8002/webhooks/alerts'],
  ] as const)('%s it is valid and every receiver tells Monitor', async ([, addressOf, webhook]) => {
    const text = await alertmanagerConfig(addressOf, nothing);
    expect(await withFile('alertmanager.yml', text, (path) => amtool('check-config', path))).toContain('SUCCESS');
    const rendered = parse(text);
    expect(rendered.receivers.map(({ name }: { name: string }) => name)).toEqual(receivers);
    for (const receiver of rendered.receivers) {
      expect(receiver.webhook_configs).toEqual([{ url: webhook, send_resolved: true, max_alerts: 0 }]);
    }
  });

  test('without targets it has neither chat nor pager nor heartbeat', async () => {
    expect(await alertmanagerConfig(local, nothing)).not.toMatch(/slack|pagerduty|heartbeat|authorization/);
  });

  test('with all targets it is valid, pages for critical alerts alone and chats for all but the default', async () => {
    const text = await alertmanagerConfig(local, everything);
    expect(await withFile('alertmanager.yml', text, (path) => amtool('check-config', path))).toContain('SUCCESS');
    const rendered = parse(text);
    const withKey = (key: string): string[] =>
      rendered.receivers.filter((each: object) => key in each).map(({ name }: { name: string }) => name);
    expect(withKey('pagerduty_configs')).toEqual(['critical-security']);
    expect(withKey('slack_configs')).toEqual(receivers.slice(1));
    expect(rendered.receivers[0].webhook_configs[0].http_config).toEqual({
      authorization: { credentials: 'key-of-monitor' },
    });
  });

  test('with a heartbeat the dead-man switch goes there, and nothing else does', async () => {
    const text = await alertmanagerConfig(local, everything);
    await withFile('alertmanager.yml', text, async (path) => {
      expect(await receiverOf({ alertname: 'Watchdog', severity: 'none' }, path)).toBe('heartbeat');
      expect(await receiverOf({ alertname: 'DeadLetters', severity: 'warning', team: 'infrastructure' }, path)).toBe(
        'sre-warnings',
      );
    });
  });
});
