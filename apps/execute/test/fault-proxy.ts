import { createServer, connect as dial } from 'node:net';
import { listenOnLoopback } from '@charter/stack/testing';
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
  const proxy: Omit<FaultProxy, 'port' | 'close'> = { moods: ['answers'], attempts: 0 };

  const server = createServer((client) => {
    const upstream = dial({ host: '127.0.0.1', port });
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    let mood: Mood = 'answers';
    for (const socket of [client, upstream]) {
      socket.on('error', end);
      socket.on('close', end);
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
  return Object.assign(proxy, await listenOnLoopback(server));
}
