import { readFile } from 'node:fs/promises';
import { alertmanagerConfig, prometheusConfig } from '@charter/launcher';
import { parse, stringify } from 'yaml';
import { deploy } from '../deploy/checkers.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
}
interface RuleFile {
  readonly groups: ReadonlyArray<{ readonly name: string; readonly interval: string; readonly rules: readonly Rule[] }>;
}

/** A policy that was not loaded for this long has not been loaded for a day. */
export const staleSeconds = 10;

const hurried = (expression: string): string =>
  expression
    .replaceAll('[5m]', '[6s]')
    .replaceAll('offset 5m', 'offset 6s')
    .replaceAll('[1h]', '[12s]')
    .replace('86400', String(staleSeconds));

/** The Charter's eleven alert rules as they are, but in seconds instead of minutes and hours. */
export async function hurriedRules(): Promise<{ readonly text: string; readonly alerts: readonly string[] }> {
  const file: RuleFile = parse(await readFile(deploy('prometheus/rules/charter.yml'), 'utf8'));
  const groups = file.groups.map((group) => ({
    ...group,
    interval: '1s',
    rules: group.rules.map((rule) => ({
      ...rule,
      expr: hurried(rule.expr),
      for: rule.for === '0m' ? '0s' : '1s',
    })),
  }));
  return { text: stringify({ groups }), alerts: groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)) };
}

/** The Prometheus of an installation whose charter and Alertmanager answer at `charter` and `alertmanager` (`host:port`). */
export async function hurriedPrometheus(rulesFolder: string, charter: string, alertmanager: string): Promise<string> {
  const { scrape_configs, ...config } = parse(
    await prometheusConfig((port) => `127.0.0.1:${String(port)}`, rulesFolder),
  );
  return stringify({
    ...config,
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: [
      {
        ...scrape_configs.find(({ job_name }: { job_name: string }) => job_name === 'charter'),
        static_configs: [{ targets: [charter], labels: { service: 'charter' } }],
      },
    ],
  });
}

/** The Alertmanager of an installation whose receivers all call `monitor` (`host:port`), without its waits. */
export async function hurriedAlertmanager(monitor: string): Promise<string> {
  const text = await alertmanagerConfig(() => monitor, {});
  return text
    .replaceAll(/group_wait: \w+/g, 'group_wait: 100ms')
    .replaceAll(/group_interval: \w+/g, 'group_interval: 1s');
}
