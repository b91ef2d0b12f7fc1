import { connect, createServer, type Socket } from 'node:net';
import { listenOnLoopback } from '@charter/stack/testing';

/** What the network, or what sits in it, does to requests. */
export type Fault =
  | 'none'
  /** Nothing goes on for 30 s. */
  | 'latency'
  /** The connection is reset. */
  | 'reset'
  /** The answer ends in the middle of its body. */
  | 'cut'
  /** A gateway answers with a page of its own. */
  | 'html-502'
  /** The answer comes a byte at a time, ten a second. */
  | 'drip'
  /** The request is taken, and nobody is there. */
  | 'half-open';

export interface FaultProxy {
  readonly url: string;
  /** What happens to every request from now on; those under way keep their fate. */
  fail(fault: Fault): void;
  close(): Promise<void>;
}

const latencyMs = 30_000;
const dripMs = 100;
const page = '<html><body><h1>502 Bad Gateway</h1></body></html>';
const gatewayAnswer = `HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: ${String(page.length)}\r\n\r\n${page}`;

/** A TCP proxy before `upstreamUrl`. */
export async function startFaultProxy(upstreamUrl: string): Promise<FaultProxy> {
  const upstream = new URL(upstreamUrl);
  const timers = new Set<NodeJS.Timeout>();
  let fault: Fault = 'none';

  function later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, ms);
    timers.add(timer);
  }

  function keep(socket: Socket): Socket {
    socket.on('error', () => socket.destroy());
    return socket;
  }

  function drip(bytes: Buffer, to: Socket): void {
    if (bytes.length === 0 || to.destroyed) return;
    to.write(bytes.subarray(0, 1));
    later(dripMs, () => drip(bytes.subarray(1), to));
  }

  function answer(chunk: Buffer, client: Socket): void {
    if (fault === 'drip') drip(chunk, client);
    else if (fault === 'cut') client.write(chunk.subarray(0, chunk.length - 10), () => client.destroy());
    else client.write(chunk);
  }

  const server = createServer((client) => {
    keep(client);
    const server = keep(connect(Number(upstream.port), upstream.hostname));
    server.on('data', (chunk) => answer(chunk, client));
    server.once('close', () => client.destroy());
    client.once('close', () => server.destroy());
    client.on('data', (chunk) => {
      if (fault === 'reset') client.resetAndDestroy();
      else if (fault === 'html-502') client.write(gatewayAnswer);
      else if (fault === 'latency') later(latencyMs, () => server.write(chunk));
      else if (fault !== 'half-open') server.write(chunk);
    });
  });
  const { url, close } = await listenOnLoopback(server);
  return {
    url,
    fail(next) {
      fault = next;
    },
    async close() {
      for (const timer of timers) clearTimeout(timer);
      await close();
    },
  };
}
