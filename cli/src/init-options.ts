import { parseArgs } from 'node:util';
import { InitError } from './ask-server.ts';

export interface InitOptions {
  readonly prometheus: string;
  readonly alertmanager: string;
  /** Where Monitor is, or will be. */
  readonly monitor: string;
  /** File that the pack is written to. */
  readonly out: string;
  /** Environment that the pack is for: `CHARTER_ENVIRONMENT`. */
  readonly environment: string;
  /** How long a test alert may take through Alertmanager. */
  readonly waitSeconds: number;
}

export const usage = `npm run charter -- init --prometheus URL --alertmanager URL [--out FILE] [--monitor URL]
                        [--environment NAME] [--wait SECONDS]`;

/** @throws InitError with the usage when it is not understood */
export function initOptionsFrom(args: readonly string[]): InitOptions {
  const [command, ...rest] = args;
  if (command !== 'init') throw new InitError(`Usage: ${usage}`);
  const flags = flagsFrom(rest);
  return {
    prometheus: urlFrom('prometheus', flags.prometheus),
    alertmanager: urlFrom('alertmanager', flags.alertmanager),
    monitor: urlFrom('monitor', flags.monitor),
    out: flags.out,
    environment: flags.environment,
    waitSeconds: secondsFrom(flags.wait),
  };
}

function flagsFrom(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        prometheus: { type: 'string' },
        alertmanager: { type: 'string' },
        monitor: { type: 'string', default: 'http://127.0.0.1:8002' },
        out: { type: 'string', default: 'charter-pack.yaml' },
        environment: { type: 'string', default: 'production' },
        wait: { type: 'string', default: '60' },
      },
    }).values;
  } catch (error) {
    throw new InitError(`${error instanceof Error ? error.message : String(error)}\nUsage: ${usage}`);
  }
}

function urlFrom(flag: string, value: string | undefined): string {
  if (value === undefined) throw new InitError(`--${flag} is missing\nUsage: ${usage}`);
  if (!URL.canParse(value)) throw new InitError(`--${flag} is no URL: ${value}`);
  return value;
}

function secondsFrom(value: string): number {
  const seconds = Number(value);
  if (!(seconds >= 0)) throw new InitError(`--wait is no number of seconds: ${value}`);
  return seconds;
}
