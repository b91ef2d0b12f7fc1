import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import manifest from '../package.json' with { type: 'json' };

export type { Registry };

/** Prefix of all metrics of an app. The charter app's own is `charter_api_`. */
export const metricPrefix = (app: string): string => (app === 'charter' ? 'charter_api_' : `charter_${app}_`);

/** Gauges of prom-client whose names end in `_total`, which `promtool check metrics` refuses. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Registry of an app with build and process metrics, clean under `promtool check metrics`. */
export function createRegistry(app: string): Registry {
  const registry = new Registry();
  const prefix = metricPrefix(app);
  collectDefaultMetrics({ register: registry, prefix, eventLoopMonitoringPrecision: 50 });
  for (const name of misnamed) registry.removeSingleMetric(prefix + name);
  new Gauge({
    name: `${prefix}build_info`,
    help: 'Version of the running build; always 1.',
    labelNames: ['version', 'node_version'],
    registers: [registry],
  }).set({ version: manifest.version, node_version: process.version }, 1);
  return registry;
}
