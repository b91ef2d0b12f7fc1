import { parseArgs } from 'node:util';
import { StackError } from '@charter/stack';

export interface StartOptions {
  readonly stateDir: string;
  readonly portBase: number;
  /** As `CHARTER_CYCLE_INTERVAL` says, or null for the default of the mode. */
  readonly cycleInterval: string | null;
  readonly demo: boolean;
  readonly singleProcess: boolean;
  readonly external: Readonly<Partial<Record<'redis' | 'postgres' | 'prometheus' | 'alertmanager', string>>>;
}

const usage = `npm start -- [--no-demo] [--single-process] [--external-redis URL] [--external-postgres URL]
             [--external-prometheus URL] [--external-alertmanager URL]
Environment: CHARTER_STATE_DIR (.charter), CHARTER_PORT_BASE (0), CHARTER_CYCLE_INTERVAL (30s; 5s in the demo)`;

/** What `npm start` was asked for. @throws StackError with the usage when it is not understood */
export function startOptionsFrom(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): StartOptions {
  const portBase = Number(environment.CHARTER_PORT_BASE ?? 0);
  if (!Number.isInteger(portBase) || portBase < 0 || portBase > 50_000) {
    throw new StackError(`CHARTER_PORT_BASE is no number from 0 to 50000: ${environment.CHARTER_PORT_BASE}`);
  }
  const flags = flagsFrom(args);
  const external = {
    redis: flags['external-redis'],
    postgres: flags['external-postgres'],
    prometheus: flags['external-prometheus'],
    alertmanager: flags['external-alertmanager'],
  };
  for (const [name, url] of Object.entries(external)) {
    if (url !== undefined && !URL.canParse(url)) throw new StackError(`--external-${name} is no URL: ${url}`);
  }
  return {
    stateDir: environment.CHARTER_STATE_DIR || '.charter',
    portBase,
    cycleInterval: environment.CHARTER_CYCLE_INTERVAL || null,
    demo: !flags['no-demo'],
    singleProcess: flags['single-process'] ?? false,
    external: Object.fromEntries(Object.entries(external).filter(([, url]) => url !== undefined)),
  };
}

function flagsFrom(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        'no-demo': { type: 'boolean' },
        'single-process': { type: 'boolean' },
        'external-redis': { type: 'string' },
        'external-postgres': { type: 'string' },
        'external-prometheus': { type: 'string' },
        'external-alertmanager': { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new StackError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}
