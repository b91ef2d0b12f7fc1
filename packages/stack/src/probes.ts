import { connect } from 'node:net';
import { Client } from 'pg';

const probeTimeoutMs = 2_000;

/** Resolves when the server answers at once as it should; rejects otherwise. Called again and again until it resolves. */
export type Probe = () => Promise<void>;

/** Ready when a GET of this URL answers 2xx. */
export function httpProbe(url: string): Probe {
  return async () => {
    const response = await fetch(url, { signal: AbortSignal.timeout(probeTimeoutMs) });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`${url} answers ${String(response.status)}`);
  };
}

/** Ready when a connection with these credentials runs a query. */
export function postgresProbe(url: string): Probe {
  return async () => {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: probeTimeoutMs });
    // The server may hang up at any moment of its start; the awaited calls below report it.
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
    } finally {
      await client.end().catch(() => undefined);
    }
  };
}

/** Ready when PING is answered by PONG, or by a demand for a password, which a server still loading its data never sends. */
export function redisProbe({ host, port }: { host: string; port: number }): Probe {
  return () =>
    new Promise((resolve, reject) => {
      const socket = connect({ host, port }, () => socket.write('PING\r\n'));
      socket.setTimeout(probeTimeoutMs, () => socket.destroy(new Error('Redis did not answer PING in time')));
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('Redis closed the connection')));
      socket.once('data', (answer) => {
        const text = answer.toString('utf8');
        if (text.startsWith('+PONG') || text.startsWith('-NOAUTH')) resolve();
        else reject(new Error(`Redis answers ${text.trim()}`));
        socket.destroy();
      });
    });
}
