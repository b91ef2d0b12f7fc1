import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { deploy, promtool, withFile } from './checkers.ts';
import { dashboards, panelQueries } from './panel-queries.ts';

const all = await dashboards();

test('there are two dashboards of the charter and two of the loop, each with its own identity', () => {
  expect([...all.keys()]).toEqual(['charter-enforcement', 'charter-violations', 'loop-health', 'loop-remediation']);
  expect(new Set([...all.values()].map(({ uid }) => uid)).size).toBe(all.size);
});

test.for([...all])('%s asks for its data source when imported, and finds one when provisioned', ([, dashboard]) => {
  expect(dashboard.__inputs).toMatchObject([{ name: 'DS_PROMETHEUS', type: 'datasource' }]);
  expect(dashboard.templating.list[0]).toMatchObject({ name: 'DS_PROMETHEUS', type: 'datasource' });
  expect(dashboard.annotations.list.map(({ name }) => name)).toContain('Executions');
  const sources = [...JSON.stringify(dashboard).matchAll(/"uid":"(\$[^"]*)"/g)].map(([, uid]) => uid);
  expect(new Set(sources)).toEqual(new Set(['$' + '{DS_PROMETHEUS}']));
});

test.for([...all])('%s uses no variable that it does not have', async ([name, dashboard]) => {
  const known = ['__rate_interval', ...dashboard.templating.list.map((variable) => variable.name)];
  for (const { written, panel } of (await panelQueries()).filter((query) => query.dashboard === name)) {
    for (const [, variable] of written.matchAll(/\$(\w+)/g)) expect(known, panel).toContain(variable);
  }
});

test('every panel has a question, and every question is PromQL', async () => {
  for (const { panels } of all.values()) {
    for (const { title, type, targets } of panels) {
      if (type !== 'row') expect(targets?.length, title).toBeGreaterThan(0);
    }
  }
  const rules = (await panelQueries()).map(({ expression }, index) => ({
    record: `panel:${String(index)}`,
    expr: expression,
  }));
  const asRules = stringify({ groups: [{ name: 'panels', rules }] });
  expect(await withFile('panels.yml', asRules, (path) => promtool('check', 'rules', path))).toContain(
    `SUCCESS: ${String(rules.length)} rules found`,
  );
});

test('a question that is no PromQL is found out', async () => {
  const broken = stringify({ groups: [{ name: 'panels', rules: [{ record: 'panel:0', expr: 'sum(rate(x[5m])' }] }] });
  await expect(withFile('panels.yml', broken, (path) => promtool('check', 'rules', path))).rejects.toThrow(
    /could not parse/,
  );
});

test('provisioning names the folder and the data source that compose mounts', async () => {
  const [provider] = await readdir(deploy('grafana/provisioning/dashboards'));
  const { providers } = parse(await readFile(deploy(`grafana/provisioning/dashboards/${String(provider)}`), 'utf8'));
  const compose = await readFile(deploy('../docker-compose.yml'), 'utf8');
  expect(compose).toContain(`./deploy/grafana/dashboards:${String(providers[0].options.path)}:ro`);
  const { datasources } = parse(await readFile(deploy('grafana/provisioning/datasources/prometheus.yaml'), 'utf8'));
  expect(datasources[0]).toMatchObject({ type: 'prometheus', url: '$PROMETHEUS_URL' });
  expect(parse(compose, { merge: true }).services.grafana.environment.PROMETHEUS_URL).toBe('http://prometheus:9090');
});
