import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type ProcessView, type SupervisedProcess, superviseLeakyServer } from './child-process.ts';

/** Name of the component in states and effects. */
export const COMPONENT = 'leaky-server';

export interface SupervisorOptions {
  /** Port of the supervisor; 0 takes a free one. */
  readonly port: number;
  /** Port of the supervised server; 0 takes a free one, which its restarts keep. */
  readonly serverPort: number;
  /** Environment of the supervised process. */
  readonly environment: NodeJS.ProcessEnv;
}

export interface Supervisor {
  readonly url: string;
  readonly serverUrl: string;
  close(): Promise<void>;
}

interface Restarted {
  readonly component: typeof COMPONENT;
  readonly action: 'RESTART_SERVICE';
  readonly previous: ProcessView;
  readonly current: ProcessView;
  readonly undo: null;
}

interface Effect {
  readonly idempotencyKey: string;
  readonly fencingToken: number;
  readonly action: 'RESTART_SERVICE';
  readonly component: typeof COMPONENT;
  readonly parameters: object;
  readonly at: string;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/**
 * Runs the leaky server under a supervisor with the routes of the testbed's actuators: `POST /restart` (also at
 * `/api/v1/components/leaky-server/restart`), `GET /api/v1/state`, `GET /api/v1/effects`, `GET /status`.
 */
export async function startSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  const supervised = await superviseLeakyServer(options.serverPort, options.environment);
  const restarts = createRestarts(supervised);

  async function route(request: IncomingMessage): Promise<object> {
    switch (`${String(request.method)} ${String(request.url)}`) {
      case 'GET /health':
        return { status: 'healthy' };
      case 'GET /status':
        return supervised.view();
      case 'GET /api/v1/state':
        return { components: { [COMPONENT]: await stateOf(supervised) } };
      case 'GET /api/v1/effects':
        return { items: restarts.effects.toReversed() };
      case 'POST /restart':
      case `POST /api/v1/components/${COMPONENT}/restart`:
        return restarts.once(request);
      default:
        throw new Refusal(404, 'route-not-found', 'No such route');
    }
  }

  const server = createServer((request, response) => {
    route(request).then(
      (body) => send(response, 200, 'application/json', body),
      (error: unknown) => {
        const { status, code, message } =
          error instanceof Refusal ? error : new Refusal(500, 'internal', 'The restart did not succeed');
        const problem = { type: `urn:charter:problem:${code}`, title: message, status, detail: message, code };
        send(response, status, 'application/problem+json', { ...problem, instance: request.url });
      },
    );
  });
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : options.port;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    serverUrl: `http://127.0.0.1:${String(supervised.view().port)}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await supervised.close();
    },
  };
}

/** Keys and tokens live as long as the supervisor: one effect per key, none for an old token. */
function createRestarts(supervised: SupervisedProcess) {
  const answers = new Map<string, Promise<Restarted>>();
  const effects: Effect[] = [];
  let newestToken = 0;

  async function restart(idempotencyKey: string, fencingToken: number): Promise<Restarted> {
    const previous = supervised.view();
    const current = await supervised.restart();
    const effect = { idempotencyKey, fencingToken, action: 'RESTART_SERVICE', component: COMPONENT } as const;
    effects.push({ ...effect, parameters: {}, at: current.startedAt });
    return { component: COMPONENT, action: 'RESTART_SERVICE', previous, current, undo: null };
  }

  return {
    effects,
    async once(request: IncomingMessage): Promise<Restarted> {
      const { 'idempotency-key': key, 'fencing-token': token } = request.headers;
      if (typeof key !== 'string' || key === '')
        throw new Refusal(400, 'request-invalid', 'Idempotency-Key is missing');
      if (typeof token !== 'string' || !/^\d{1,15}$/.test(token)) {
        throw new Refusal(400, 'request-invalid', 'Fencing-Token is missing or no whole number');
      }
      await refuseFields(request);
      const known = answers.get(key);
      if (known) return known;
      const fencingToken = Number(token);
      if (fencingToken < newestToken) {
        throw new Refusal(409, 'fencing-token-stale', `Fencing token ${token} is older than ${String(newestToken)}`);
      }
      newestToken = fencingToken;
      const answer = restart(key, fencingToken);
      answers.set(key, answer);
      return answer;
    },
  };
}

/** A restart takes no parameters: an empty body or `{}`. */
async function refuseFields(request: IncomingMessage): Promise<void> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > 1000) throw new Refusal(413, 'body-too-large', 'The body is too large');
  }
  if (text.trim() !== '' && text.replaceAll(/\s/g, '') !== '{}') {
    throw new Refusal(400, 'request-invalid', 'A restart takes no parameters');
  }
}

/** Healthy means that the process answers; a process that hangs does not. */
async function stateOf(supervised: SupervisedProcess) {
  const view = supervised.view();
  const healthy = await fetch(`http://127.0.0.1:${String(view.port)}/health`, {
    signal: AbortSignal.timeout(500),
  }).then(
    (answer) => answer.ok,
    () => false,
  );
  return { healthy, replicas: 1, ready: Number(healthy), spec: { replicas: 1 }, ...view };
}

function send(response: ServerResponse, status: number, type: string, body: object): void {
  response.writeHead(status, { 'content-type': type });
  response.end(JSON.stringify(body));
}
