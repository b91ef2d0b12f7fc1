import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback } from '@charter/stack/testing';

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
  const { url, close } = await listenOnLoopback(server);
  return {
    url: `${url}/prefix`,
    seen,
    behave: (next) => {
      handle = next;
    },
    [Symbol.asyncDispose]: close,
  };
}
