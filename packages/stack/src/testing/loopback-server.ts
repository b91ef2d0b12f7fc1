import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { loopback } from '../ports.ts';

/** Where a test's own server answers. */
export interface LoopbackServer {
  readonly port: number;
  /** As HTTP. */
  readonly url: string;
  /** Ends it and every connection to it. */
  close(): Promise<void>;
}

/** Lets a test's own server listen on a free port of the loopback address. */
export async function listenOnLoopback(server: Server): Promise<LoopbackServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, loopback);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server listens on a port');
  const { port } = address;
  return {
    port,
    url: `http://${loopback}:${String(port)}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
