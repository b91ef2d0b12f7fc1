import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Approval, Decision, Permit, Violation } from '@charter/shared/contracts';
import { listenOnLoopback } from '@charter/stack/testing';

/** Everything execute asks of others, at the boundary: orchestrator, charter, Prometheus and monitor in one server. */
export interface StandIn {
  readonly url: string;
  /** What each service says; change it as the test goes. */
  readonly says: {
    permit: Partial<Permit> | 'nothing';
    decision: Partial<Decision> | 'nothing' | ((action: string) => Partial<Decision>);
    /** PromQL → value; absent: no series. A function may look at the world. */
    values: Record<string, number | (() => number | Promise<number>)>;
    warnings: string[];
    prometheus: 'answers' | 'nothing';
    violations: Violation[] | 'nothing';
    approvals: Approval[];
    pack: unknown[];
    plans: Record<string, unknown>;
  };
  /** Bodies of every decision that was asked for. */
  readonly asked: { decisions: Record<string, unknown>[]; permits: Record<string, unknown>[] };
  close(): Promise<void>;
}

export async function startStandIn(): Promise<StandIn> {
  const says: StandIn['says'] = {
    permit: {},
    decision: {},
    values: {},
    warnings: [],
    prometheus: 'answers',
    violations: [],
    approvals: [],
    pack: [],
    plans: {},
  };
  const asked: StandIn['asked'] = { decisions: [], permits: [] };
  const server = createServer((request, response) => {
    void answer(says, asked, request, response).catch(() => response.destroy());
  });
  const { url, close } = await listenOnLoopback(server);
  return { url, says, asked, close };
}

async function answer(
  says: StandIn['says'],
  asked: StandIn['asked'],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const text = await bodyOf(request);
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stand-in');
  switch (pathname) {
    case '/api/v1/permits': {
      asked.permits.push(JSON.parse(text));
      return says.permit === 'nothing' ? void response.destroy() : json(response, 200, permitFrom(says.permit));
    }
    case '/api/v1/decisions': {
      const body = JSON.parse(text);
      asked.decisions.push(body);
      const said = typeof says.decision === 'function' ? says.decision(body.action) : says.decision;
      return said === 'nothing' ? void response.destroy() : json(response, 200, decisionFrom(said));
    }
    case '/api/v1/query': {
      if (says.prometheus === 'nothing') return void response.destroy();
      return json(response, 200, await vectorFrom(says, new URLSearchParams(text).get('query') ?? ''));
    }
    case '/api/v1/violations': {
      if (says.violations === 'nothing') return void response.destroy();
      const fingerprint = searchParams.get('fingerprint');
      const state = searchParams.get('state');
      const items = says.violations.filter(
        (each) =>
          (fingerprint === null || each.fingerprint === fingerprint) && (state === null || each.state === state),
      );
      return json(response, 200, { items, nextCursor: null });
    }
    case '/api/v1/approvals':
      return json(response, 200, { items: says.approvals.toReversed(), nextCursor: null });
    case '/api/v1/packs/active':
      return json(response, 200, {
        id: 'pack-1',
        name: 'test',
        version: '1',
        environment: 'production',
        activatedAt: new Date().toISOString(),
        documents: says.pack,
        policies: [],
      });
    default: {
      const plan = says.plans[pathname.split('/').at(-1) ?? ''];
      return plan === undefined ? json(response, 404, {}) : json(response, 200, plan);
    }
  }
}

async function vectorFrom(says: StandIn['says'], query: string): Promise<unknown> {
  const said = says.values[query];
  const value = typeof said === 'function' ? await said() : said;
  const result = value === undefined ? [] : [{ metric: {}, value: [Date.now() / 1000, String(value)] }];
  return { status: 'success', data: { resultType: 'vector', result }, warnings: says.warnings };
}

const permitFrom = (said: Partial<Permit>): Permit => ({
  granted: true,
  reason: null,
  paused: [],
  issuedAt: new Date().toISOString(),
  expiresAt: new Date(Date.now() + 5_000).toISOString(),
  ...said,
});

const decisionFrom = (said: Partial<Decision>): Decision => ({
  effect: 'allow',
  reasons: [{ policy: 'test-policy', rule: 'allow-all', line: 1, effect: 'allow', text: 'allowed by test-policy' }],
  obligations: {},
  automation: 'auto',
  policyVersion: '1',
  decisionId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  decidedAt: new Date().toISOString(),
  ...said,
});

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
