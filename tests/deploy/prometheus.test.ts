import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { composeAddress, prometheusConfig, scrapingReplicas, serviceNames } from '@charter/launcher';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { deploy, promtool, root, withFile } from './checkers.ts';

interface AlertRule {
  readonly alert?: string;
  readonly record?: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}
interface RuleFile {
  readonly groups: ReadonlyArray<{ readonly name: string; readonly interval: string; readonly rules: AlertRule[] }>;
}

const ruleFiles = (await readdir(deploy('prometheus/rules'))).filter((name) => name.endsWith('.yml'));
const readRules = async (name: string): Promise<RuleFile> =>
  parse(await readFile(deploy(`prometheus/rules/${name}`), 'utf8'));
const alertsOf = ({ groups }: RuleFile): AlertRule[] =>
  groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined);

test('the configuration in the repository is valid as it is, its rules included', async () => {
  expect(await promtool('check', 'config', deploy('prometheus/prometheus.yml'))).toContain('SUCCESS');
});

describe('rendered', () => {
  test('for another port base it is valid and names no port of the default', async () => {
    const config = await prometheusConfig((port) => `127.0.0.1:${String(port + 7_000)}`);
    expect(await withFile('prometheus.yml', config, (path) => promtool('check', 'config', path))).toContain('SUCCESS');
    expect(config).toContain('127.0.0.1:15002');
    expect(config).not.toMatch(/:(80\d\d|9093)\b/);
  });

  test('for compose it is valid and finds every replica of every service by name', async () => {
    const config = scrapingReplicas(await prometheusConfig(composeAddress, deploy('prometheus/rules')));
    expect(await withFile('prometheus.yml', config, (path) => promtool('check', 'config', path))).toContain('SUCCESS');
    expect(config).not.toContain('127.0.0.1');
    const { scrape_configs: jobs, alerting } = parse(config);
    const names = jobs.map((job: { job_name: string }) => job.job_name);
    expect(names).toEqual(
      expect.arrayContaining(serviceNames.map((name) => expect.stringMatching(new RegExp(`-${name}$`)))),
    );
    expect(names).toContain('files');
    expect(alerting.alertmanagers[0].static_configs[0].targets).toEqual(['alertmanager:9093']);
    const analyze = jobs.find((job: { job_name: string }) => job.job_name === 'charter-analyze');
    expect(analyze.dns_sd_configs[0]).toMatchObject({ names: ['analyze'], type: 'A', port: 8003 });
    expect(analyze.relabel_configs).toEqual([
      { target_label: 'job', replacement: 'charter' },
      { target_label: 'service', replacement: 'analyze' },
    ]);
  });
});

describe('rules', () => {
  test.for(ruleFiles)('%s passes the checks of promtool', async (name) => {
    expect(await promtool('check', 'rules', deploy(`prometheus/rules/${name}`))).toContain('SUCCESS');
  });

  test.for(['charter.yml', 'loop.yml', 'testbed.yml'])(
    '%s fires and stays quiet as its cases say',
    { timeout: 90_000 },
    async (name) => {
      expect(await promtool('test', 'rules', deploy(`prometheus/tests/${name}`))).toContain('SUCCESS');
    },
  );

  test.for(['charter.yml', 'loop.yml', 'testbed.yml'])(
    'each alert of %s has a case that fires and one that does not',
    async (name) => {
      const { tests } = parse(await readFile(deploy(`prometheus/tests/${name}`), 'utf8'));
      const cases: Array<{ alertname: string; exp_alerts: unknown[] }> = tests.flatMap(
        (each: { alert_rule_test: unknown[] }) => each.alert_rule_test,
      );
      for (const { alert } of alertsOf(await readRules(name))) {
        const counts = cases.filter(({ alertname }) => alertname === alert).map(({ exp_alerts }) => exp_alerts.length);
        expect(
          counts.some((count) => count > 0),
          `${String(alert)} fires`,
        ).toBe(true);
        if (alert !== 'Watchdog') expect(counts, `${String(alert)} stays quiet`).toContain(0);
      }
    },
  );

  test('of the charter are the eleven of the domain, evaluated every 30 s', async () => {
    const file = await readRules('charter.yml');
    expect(file.groups.map(({ name, interval }) => [name, interval])).toEqual([['charter_violations', '30s']]);
    expect(alertsOf(file).map((rule) => [rule.alert, rule.for, rule.labels?.severity, rule.labels?.team])).toEqual([
      ['CriticalViolationDetected', '0m', 'critical', 'security'],
      ['ForbiddenMetricSpike', '5m', 'warning', 'security'],
      ['ValidationLatencySLAViolation', '5m', 'warning', 'infrastructure'],
      ['PolicyLoadFailure', '1h', 'critical', 'security'],
      ['EmergencyOverrideStayingActive', '30m', 'critical', 'security'],
      ['CommitteeOverloaded', '10m', 'warning', 'security'],
      ['CommitteeNotificationLatencySLA', '5m', 'warning', 'infrastructure'],
      ['DataRevocationSLAViolation', '5m', 'warning', 'infrastructure'],
      ['PolicyLoadFrequencyAnomaly', '10m', 'warning', 'infrastructure'],
      ['HighViolationInvestigationRate', '5m', 'info', 'security'],
      ['UnusualDataRevocationActivity', '30m', 'warning', 'security'],
    ]);
  });

  test.for(['charter.yml', 'loop.yml', 'testbed.yml'])(
    'each alert of %s says what is wrong and has a runbook page',
    async (name) => {
      for (const { alert, labels, annotations } of alertsOf(await readRules(name))) {
        expect(annotations?.runbook_url).toBe(`docs/runbooks/${String(alert)}.md`);
        expect(existsSync(join(root, annotations?.runbook_url ?? 'missing')), `${String(alert)} has a page`).toBe(true);
        expect(annotations?.summary).toBeTruthy();
        expect(Object.keys(labels ?? {})).toEqual(expect.arrayContaining(['severity', 'team', 'group']));
      }
    },
  );
});
