import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface FaultServer extends AsyncDisposable {
  readonly url: string;
  /** Path and body of every request so far. */
  readonly seen: { readonly path: string; readonly body: string; readonly headers: IncomingMessage['headers'] }[];
  /** What it does with the next requests. */
  behave(handle: (response: ServerResponse, request: IncomingMessage) => void): void;
}

export const json = (status: number, body: unknown) => (response: ServerResponse) => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

/** An upstream on a free port that misbehaves as told. */
export async function startFaultServer(): Promise<FaultServer> {
  let handle: (response: ServerResponse, request: IncomingMessage) => void = json(200, {});
  const seen: { path: string; body: string; headers: IncomingMessage['headers'] }[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    seen.push({ path: request.url ?? '', body, headers: request.headers });
    handle(response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${String(port)}/prefix`,
    seen,
    behave: (next) => {
      handle = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
