import type { Target } from '@charter/shared/contracts';

/** Names that mean Charter itself or what it stands on, as a target's name or class or as what it is called where it runs. */
const protectedNames =
  /^(charter|orchestrator|monitor|analyze|plan|execute|knowledge|console)([-_/].*)?$|^(redis|valkey|postgres|postgresql|prometheus|alertmanager)([-_/].*)?$/i;

/** Whether acting on a target would be Charter acting on itself, Redis, Postgres, Prometheus or Alertmanager. */
export function isProtectedTarget(target: Target, ownUrls: readonly string[]): boolean {
  if (target.effector.kind === 'charter') return true;
  const names = [
    target.metadata.name,
    target.class,
    ...('object' in target.effector ? [target.effector.object.name] : []),
  ];
  if (names.some((name) => protectedNames.test(name))) return true;
  const url = target.effector.kind === 'process' ? target.effector.supervisorUrl : target.effector.url;
  const address = addressOf(url);
  return ownUrls.some((own) => addressOf(own) === address);
}

const defaultPorts: Readonly<Record<string, string>> = {
  'http:': '80',
  'https:': '443',
  'postgres:': '5432',
  'postgresql:': '5432',
  'redis:': '6379',
  'rediss:': '6379',
};

function addressOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname === 'localhost' || hostname === '[::1]' ? '127.0.0.1' : hostname;
  return `${host}:${port || (defaultPorts[protocol] ?? '')}`;
}
