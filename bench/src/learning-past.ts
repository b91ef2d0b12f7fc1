import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createRandom } from '@charter/learning';
import { findBinaries, freePort, startPrometheus } from '@charter/stack';

export interface PastOptions {
  readonly alerts: number;
  readonly components: number;
  readonly days: number;
  readonly seed: number;
  readonly stepSeconds: number;
}

/** One alert as it was written into the past; seconds since the epoch. */
export interface WrittenAlert {
  readonly alertname: string;
  readonly component: string;
  readonly from: number;
  readonly until: number;
}

export const alertNames = ['HighMemory', 'HighLatency', 'CrashLooping', 'Saturated', 'ErrorsUp'] as const;
export const componentName = (index: number): string => `shop-${String(index)}`;

/** A real Prometheus whose storage holds alerts of the past, made by promtool from OpenMetrics text. */
export async function startPast(options: PastOptions) {
  const folder = await mkdtemp(join(tmpdir(), 'charter-past-'));
  await chmod(folder, 0o711);
  const data = join(folder, 'prometheus');
  await mkdir(data, { recursive: true });
  const written = alertsOf(options);
  const text = join(folder, 'past.om');
  await writeFile(text, openMetricsOf(written, options.stepSeconds));
  const { promtool, prometheus } = await findBinaries();
  await promisify(execFile)(promtool.path, ['tsdb', 'create-blocks-from', 'openmetrics', '--quiet', text, data], {
    env: { ...process.env, ...promtool.env },
    maxBuffer: 64 * 1024 * 1024,
  });
  const configFile = join(folder, 'config.yml');
  await writeFile(configFile, 'global: { scrape_interval: 1h }\n');
  const server = await startPrometheus({
    stateDir: folder,
    port: await freePort(),
    binary: prometheus,
    configFile,
    retention: '90d',
  });
  return {
    url: server.url,
    written,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Alerts in turn on every component, most of them short, none that joins the one before. */
function alertsOf({ alerts, components, days, seed, stepSeconds }: PastOptions): WrittenAlert[] {
  const random = createRandom(seed);
  const align = (seconds: number): number => Math.floor(seconds / stepSeconds) * stepSeconds;
  const end = align(Date.now() / 1_000) - 3_600;
  const begin = end - days * 86_400;
  const perComponent = Math.ceil(alerts / components);
  const pace = ((end - begin) / perComponent) | 0;
  return Array.from({ length: alerts }, (_, index) => {
    const turn = Math.floor(index / components);
    const from = align(begin + turn * pace + random.uniform() * pace * 0.1);
    const length = Math.min(pace * 0.7, -Math.log(1 - random.uniform()) * 420);
    return {
      alertname: alertNames[random.integer(alertNames.length)] ?? alertNames[0],
      component: componentName(index % components),
      from,
      until: from + Math.max(stepSeconds, align(length)),
    };
  });
}

function openMetricsOf(alerts: readonly WrittenAlert[], stepSeconds: number): string {
  const lines = ['# TYPE ALERTS gauge'];
  for (const { alertname, component, from, until } of alerts) {
    const labels = `alertname="${alertname}",alertstate="firing",component="${component}",severity="warning"`;
    for (let at = from; at < until; at += stepSeconds) lines.push(`ALERTS{${labels}} 1 ${String(at)}`);
  }
  return `${lines.join('\n')}\n# EOF\n`;
}

/** A pack for those alerts, as text of one file: rules that match them, targets, remedies, and a policy. */
export function packOfPast(components: number, denied: readonly string[] = []): string {
  const head = { apiVersion: 'charter/v1' };
  const actions = ['SCALE_UP', 'RESTART_SERVICE', 'REBALANCE_LOAD'];
  const remedies = {
    HighMemory: 'RESTART_SERVICE',
    CrashLooping: 'RESTART_SERVICE',
    Saturated: 'SCALE_UP',
    HighLatency: 'SCALE_UP',
  };
  const documents = [
    ...alertNames.map((name) => ({
      ...head,
      kind: 'Rule',
      metadata: { name },
      alert: { matchers: { alertname: name } },
      metric: name,
      severity: 'critical',
    })),
    ...Array.from({ length: components }, (_, index) => ({
      ...head,
      kind: 'Target',
      metadata: { name: componentName(index) },
      effector: { kind: 'testbed', url: 'http://127.0.0.1:8010', component: componentName(index) },
      actions,
      limits: { minReplicas: 2, maxReplicas: 20, cooldown: '1m' },
    })),
    ...Object.entries(remedies).map(([metric, action]) => ({
      ...head,
      kind: 'Strategy',
      metadata: { name: `on-${metric}` },
      match: { metrics: [metric] },
      actions: [
        { action, ...(action === 'SCALE_UP' ? { parameters: { replicas: { scaleBy: 2 } } } : {}), delay: '5s' },
      ],
      expected: { success: 0.9 },
    })),
    {
      ...head,
      kind: 'Policy',
      metadata: { name: 'shop' },
      rules: [
        { id: 'remedies', effect: 'allow', match: { actions }, automation: { max: 'auto' } },
        ...(denied.length > 0 ? [{ id: 'never', effect: 'deny', match: { actions: denied } }] : []),
      ],
    },
  ];
  return documents.map((document) => JSON.stringify(document)).join('\n---\n');
}
