import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { StackError } from './stack-error.ts';

/** Ports of the four servers before `CHARTER_PORT_BASE` shifts them. */
export const defaultPorts = { redis: 6379, postgres: 5432, prometheus: 9090, alertmanager: 9093 } as const;

/** The address every part listens on. */
export const loopback = '127.0.0.1';

// Below the range from which systems take the ports of outgoing connections, so that nobody grabs one between choice and use.
const freePortRange = { from: 20_000, to: 32_767 };

/** Whether something else already listens on this port of the loopback address. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: loopback, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A port nobody listens on, chosen at random. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 200; tries += 1) {
    const port = randomInt(freePortRange.from, freePortRange.to);
    if (await isPortFree(port)) return port;
  }
  throw new StackError(`No free port between ${String(freePortRange.from)} and ${String(freePortRange.to)}`);
}

/** Throws a `StackError` naming the first port that is taken, by whom it is wanted, and the setting that shifts it. */
export async function assertPortsFree(wanted: readonly { name: string; port: number }[]): Promise<void> {
  for (const { name, port } of wanted) {
    if (await isPortFree(port)) continue;
    throw new StackError(
      `Port ${String(port)} for ${name} is taken: stop what listens there, or shift all ports with CHARTER_PORT_BASE=<number>`,
    );
  }
}
