import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import type { Simulation } from '../simulation.ts';
import { answerTo } from './line-protocol.ts';
import { createLiveView } from './live-view.ts';
import { numberFlag, settingsFrom } from './options.ts';
import type { SwimSettings } from './settings.ts';
import { type Arrivals, readTrace, TraceError, traceFor } from './trace.ts';
import { WebSystem } from './web-system.ts';

export interface SwimServerOptions {
  readonly settings: SwimSettings;
  readonly arrivals: Arrivals;
  readonly seed: number;
  /** Seconds of the system's time that pass in one second. */
  readonly speed: number;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface SwimServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A client that sends this much without a line end is not speaking the protocol. */
const longestLine = 1_000;

/** The web system behind its line protocol; its clock runs with ours, `speed` times as fast, and stands still between requests. */
export async function startSwimServer(options: SwimServerOptions): Promise<SwimServer> {
  const { settings, arrivals, seed, speed, host, port } = options;
  const system = new WebSystem(settings, seed);
  const live = createLiveView(system, arrivals);
  const startedAt = performance.now();
  const catchUp = (): void => live.advance(((performance.now() - startedAt) / 1_000) * speed);
  const sockets = new Set<Socket>();

  const server = createServer((socket) => {
    sockets.add(socket);
    let rest = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > longestLine) socket.destroy();
      for (const line of lines.filter((one) => one.trim() !== '')) {
        catchUp();
        socket.write(`${answerTo(line, system, live)}\n`);
      }
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const usage =
  'npm run simulate -- swim-server [--port 4242] [--host 127.0.0.1] [--speed 1] [--seed 1] [--boot-delay 60] [--servers 3] [--trace FILE]';

/** Serves until it is told to end. */
export const run: Simulation = async (args, print) => {
  let server: SwimServer;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', default: '4242' },
        host: { type: 'string', default: '127.0.0.1' },
        speed: { type: 'string', default: '1' },
        seed: { type: 'string', default: '1' },
        'boot-delay': { type: 'string' },
        servers: { type: 'string' },
        trace: { type: 'string' },
      },
    });
    const settings = settingsFrom(values);
    const seed = numberFlag('seed', values.seed, { least: 0, whole: true });
    server = await startSwimServer({
      settings,
      arrivals: values.trace === undefined ? traceFor(seed, settings) : await readTrace(values.trace),
      seed,
      speed: numberFlag('speed', values.speed, { least: 0.001 }),
      host: values.host,
      port: numberFlag('port', values.port, { least: 0, most: 65_535, whole: true }),
    });
    print(
      `SWIM at tcp://${values.host}:${String(server.port)}, ${values.speed} times as fast as the clock; Ctrl-C ends it`,
    );
  } catch (error) {
    if (!(error instanceof TraceError) && !(error instanceof TypeError) && !(error instanceof RangeError)) throw error;
    print(`${error.message}\n${usage}`);
    return 2;
  }
  const ended = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.abort());
  await once(ended.signal, 'abort');
  await server.close();
  return 0;
};
