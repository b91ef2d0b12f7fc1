import { type DestinationStream, type Logger, pino } from 'pino';
import type { ServiceConfig } from './config.ts';

/** JSON lines; `log.child({ incidentId, traceId })` binds what a line is about. */
export type Log = Logger;

const secretNames = ['authorization', 'cookie', 'password', 'secret', 'token', 'apiKey', 'sha256'];
const secretPaths = secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** Log of a service, on standard output unless given a destination. Credentials are replaced by `[redacted]`. */
export function createLog(app: string, config: Pick<ServiceConfig, 'LOG_LEVEL'>, destination?: DestinationStream): Log {
  const options = {
    level: config.LOG_LEVEL,
    base: { app },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (level: string) => ({ level }) },
    redact: { paths: secretPaths, censor: '[redacted]' },
  };
  return destination ? pino(options, destination) : pino(options);
}
