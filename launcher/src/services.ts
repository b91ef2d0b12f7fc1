import { fileURLToPath } from 'node:url';
import { type AppName, defaultPorts } from '@charter/service';
import { loopback, type Stack } from '@charter/stack';

/** The services in the order they start; each needs only those before it to be useful. */
export const serviceNames = [
  'charter',
  'orchestrator',
  'knowledge',
  'execute',
  'plan',
  'analyze',
  'monitor',
  'console',
  'testbed',
] as const satisfies readonly AppName[];
export type ServiceName = (typeof serviceNames)[number];

export const portFor = (name: ServiceName, portBase: number): number => defaultPorts[name] + portBase;

export const urlFor = (name: ServiceName, portBase: number): string =>
  `http://${loopback}:${String(portFor(name, portBase))}`;

/** A service's main file, run by Node as it is. */
export const mainOf = (name: ServiceName): string =>
  fileURLToPath(new URL(`../../apps/${name}/src/main.ts`, import.meta.url));

export interface EnvironmentOptions {
  readonly portBase: number;
  readonly stateDir: string;
  readonly cycleInterval: string;
  readonly environmentName: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** What every service of one installation reads; only `PORT` differs, and that comes from the port base. */
export function environmentFor(urls: Stack['urls'], options: EnvironmentOptions): Record<string, string> {
  const { portBase } = options;
  const services = serviceNames.map((name) => [`${name.toUpperCase()}_URL`, urlFor(name, portBase)]);
  return {
    ...Object.fromEntries(services),
    DATABASE_URL: urls.postgres,
    REDIS_URL: urls.redis,
    PROMETHEUS_URL: urls.prometheus,
    ALERTMANAGER_URL: urls.alertmanager,
    CHARTER_PORT_BASE: String(portBase),
    CHARTER_STATE_DIR: options.stateDir,
    CHARTER_CYCLE_INTERVAL: options.cycleInterval,
    CHARTER_ENVIRONMENT: options.environmentName,
    ...options.settings,
  };
}
