import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** An HTTP request that is about to be sent by fetch or undici. */
export interface OutgoingCall {
  readonly method: string;
  /** Without query and fragment: those may hold secrets. */
  readonly url: string;
  readonly addHeader: (name: string, value: string) => void;
}

/** Told how a call goes on. */
export interface CallWatcher {
  answered(status: number): void;
  ended(error?: unknown): void;
}

/** A request as undici publishes it (its documentation: docs/api/DiagnosticsChannel). */
interface PublishedRequest {
  readonly origin: string | URL;
  readonly path: string;
  readonly method: string;
  addHeader(name: string, value: string): unknown;
}
interface Published {
  readonly request: PublishedRequest;
  readonly response?: { readonly statusCode: number };
  readonly error?: unknown;
}

/** Calls `watch` in the context of whoever sends a request; what it returns is told of the answer. @returns how to stop */
export function watchOutgoingCalls(watch: (call: OutgoingCall) => CallWatcher | null): () => void {
  const watched = new WeakMap<PublishedRequest, CallWatcher>();
  const listeners: ReadonlyArray<readonly [string, (message: unknown) => void]> = [
    ['undici:request:create', on(({ request }) => begin(request))],
    [
      'undici:request:headers',
      on(({ request, response }) => watched.get(request)?.answered(response?.statusCode ?? 0)),
    ],
    ['undici:request:trailers', on(({ request }) => end(request))],
    ['undici:request:error', on(({ request, error }) => end(request, error ?? 'failed'))],
  ];

  function begin(request: PublishedRequest): void {
    const watcher = watch({
      method: request.method,
      url: new URL(request.path.split('?', 1)[0] ?? '/', request.origin).href,
      addHeader: (name, value) => void request.addHeader(name, value),
    });
    if (watcher) watched.set(request, watcher);
  }

  function end(request: PublishedRequest, error?: unknown): void {
    watched.get(request)?.ended(error);
    watched.delete(request);
  }

  for (const [channel, listener] of listeners) subscribe(channel, listener);
  return () => {
    for (const [channel, listener] of listeners) unsubscribe(channel, listener);
  };
}

const on = (listener: (message: Published) => void) => (message: unknown) => listener(message as Published);
