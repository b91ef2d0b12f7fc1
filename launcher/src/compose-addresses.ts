import { defaultPorts } from '@charter/service';
import { defaultPorts as serverPorts } from '@charter/stack';
import { parse, stringify } from 'yaml';

const hosts = new Map<number, string>(
  [...Object.entries(defaultPorts), ...Object.entries(serverPorts)].map(([name, port]) => [port, name]),
);

/** On the compose network every part answers under its own name, at its default port. */
export function composeAddress(port: number): string {
  const host = hosts.get(port);
  if (host === undefined) throw new Error(`No part of Charter has port ${String(port)}`);
  return `${host}:${String(port)}`;
}

interface ScrapeConfig {
  readonly job_name: string;
  /** Absent for targets that are read from files. */
  readonly static_configs?: ReadonlyArray<{
    readonly targets: readonly string[];
    readonly labels?: Readonly<Record<string, string>>;
  }>;
}

/**
 * The same Prometheus configuration, but with every replica of a service as a target of its own: names are resolved to all their
 * addresses, so that `--scale` needs no other configuration. Job and labels stay what they were.
 */
export function scrapingReplicas(prometheusConfig: string): string {
  const { scrape_configs, ...rest }: { scrape_configs: readonly ScrapeConfig[] } = parse(prometheusConfig);
  return stringify({ ...rest, scrape_configs: scrape_configs.flatMap(jobsPerService) });
}

function jobsPerService(config: ScrapeConfig): object[] {
  const { static_configs, job_name, ...rest } = config;
  if (!static_configs) return [config];
  return static_configs.flatMap(({ targets, labels = {} }) =>
    targets.map((target) => {
      const [name = '', port = ''] = target.split(':');
      const fixed = { job: job_name, ...labels };
      return {
        ...rest,
        job_name: `${job_name}-${name}`,
        dns_sd_configs: [{ names: [name], type: 'A', port: Number(port), refresh_interval: '5s' }],
        relabel_configs: Object.entries(fixed).map(([label, replacement]) => ({ target_label: label, replacement })),
      };
    }),
  );
}
