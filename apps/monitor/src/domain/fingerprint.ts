import { createHash } from 'node:crypto';

/** Same environment, component and rule: same problem, whoever saw it. 32 hex digits. */
export const fingerprintOf = (environment: string, component: string, rule: string): string =>
  createHash('sha256')
    .update(JSON.stringify([environment, component, rule]))
    .digest('hex')
    .slice(0, 32);
