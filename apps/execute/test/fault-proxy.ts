import type { AddressInfo } from 'node:net';
import { createServer, connect as dial, type Socket } from 'node:net';
import type { Mood } from './target-server.ts';

/** A wire to a real server that can break around a change. */
export interface FaultProxy {
  readonly port: number;
  /** How the next changes are met; the last one stays. */
  moods: Mood[];
  /** Changes that were tried, whether or not they got through. */
  attempts: number;
  close(): Promise<void>;
}

export interface FaultProxyOptions {
  /** The real server on this machine. */
  readonly port: number;
  /** Whether bytes of a client carry a change. */
  readonly isChange: (bytes: string) => boolean;
  /** What the server would say to a change that it refuses. */
  readonly refusal: string;
}

export async function startFaultProxy({ port, isChange, refusal }: FaultProxyOptions): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  const proxy: Omit<FaultProxy, 'port' | 'close'> = { moods: ['answers'], attempts: 0 };

  const server = createServer((client) => {
    const upstream = dial({ host: '127.0.0.1', port });
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    let mood: Mood = 'answers';
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on('data', (bytes) => {
      if (isChange(bytes.toString('latin1'))) {
        proxy.attempts += 1;
        mood = (proxy.moods.length > 1 ? proxy.moods.shift() : proxy.moods[0]) ?? 'answers';
        if (mood === 'refuses') client.write(refusal);
        if (mood === 'drop-before') end();
      }
      if (mood !== 'refuses' && mood !== 'drop-before') upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (mood === 'drop-after') end();
      else if (mood !== 'hang-after') client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return Object.assign(proxy, {
    port: address.port,
    async close(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}
