import { createServer, type IncomingMessage } from 'node:http';
import type { ActivePack, Approval, Decision, Recommendation, TargetState } from '@charter/shared/contracts';
import { ApprovalRequest, DecisionRequest } from '@charter/shared/contracts';
import { listenOnLoopback } from '@charter/stack/testing';
import { newId } from '@charter/store';

/** What the charter, execute and knowledge say, for a test to set, and what they were told. */
export interface Neighbors {
  readonly url: string;
  pack: ActivePack;
  decision: (request: DecisionRequest) => Decision;
  readonly decisionsAsked: DecisionRequest[];
  readonly approvals: Map<string, Approval>;
  /** Authorization header of the last vote. */
  lastVoteBy: string | undefined;
  targets: TargetState[];
  executions: {
    id: string;
    planId: string;
    incidentId: string;
    state: string;
    outcomeType: string | null;
    dryRun?: boolean;
  }[];
  recommendation: Recommendation | null;
  /** Services that answer 503. */
  readonly away: Set<'charter' | 'execute' | 'knowledge'>;
  close(): Promise<void>;
}

/** One HTTP server on the boundary that speaks the contracts of the three services this one asks. */
export async function startNeighbors(start: Pick<Neighbors, 'pack' | 'targets'>): Promise<Neighbors> {
  const server = createServer((request, response) => {
    void answer(request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
      response.end(JSON.stringify(body));
    });
  });
  const { url, close } = await listenOnLoopback(server);

  const neighbors: Neighbors = {
    url,
    ...start,
    decision: () => allow({}),
    decisionsAsked: [],
    approvals: new Map(),
    lastVoteBy: undefined,
    executions: [],
    recommendation: null,
    away: new Set(),
    close,
  };

  async function answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const { pathname, searchParams } = new URL(request.url ?? '/', neighbors.url);
    const route = `${request.method ?? ''} ${pathname.replace(/[0-9A-Z]{26}/, ':id')}`;
    const id = /[0-9A-Z]{26}/.exec(pathname)?.[0] ?? '';
    const owner =
      pathname.includes('/targets') || pathname.includes('/executions')
        ? 'execute'
        : pathname.includes('/recommendations')
          ? 'knowledge'
          : 'charter';
    if (neighbors.away.has(owner)) return problem('upstream-unavailable', 503);
    const body = await jsonOf(request);
    switch (route) {
      case 'GET /api/v1/packs/active':
        return { status: 200, body: neighbors.pack };
      case 'POST /api/v1/decisions': {
        const asked = DecisionRequest.parse(body);
        neighbors.decisionsAsked.push(asked);
        return { status: 200, body: neighbors.decision(asked) };
      }
      case 'POST /api/v1/approvals': {
        const approval = pendingApproval(ApprovalRequest.parse(body));
        neighbors.approvals.set(approval.id, approval);
        return { status: 201, body: approval };
      }
      case 'GET /api/v1/approvals/:id':
        return found(neighbors.approvals.get(id));
      case 'POST /api/v1/approvals/:id/approve':
      case 'POST /api/v1/approvals/:id/reject':
        neighbors.lastVoteBy = request.headers.authorization;
        return found(decide(neighbors, id, pathname.endsWith('approve') ? 'approved' : 'rejected', body));
      case 'POST /api/v1/approvals/:id/withdraw':
        return found(decide(neighbors, id, 'rejected', body));
      case 'GET /api/v1/targets':
        return { status: 200, body: { items: neighbors.targets, nextCursor: null } };
      case 'GET /api/v1/executions': {
        const planId = searchParams.get('planId');
        const items = neighbors.executions.filter((execution) => execution.planId === planId);
        return { status: 200, body: { items, nextCursor: null } };
      }
      case 'GET /api/v1/recommendations':
        return found(neighbors.recommendation ?? undefined);
      default:
        return problem('route-not-found', 404);
    }
  }
  return neighbors;
}

export const allow = (change: Partial<Decision>): Decision => ({
  effect: 'allow',
  reasons: [{ policy: 'p', rule: 'r', line: 1, effect: 'allow', text: 'the policy allows it' }],
  obligations: {},
  automation: 'auto',
  policyVersion: 'v1',
  decisionId: newId(),
  decidedAt: new Date().toISOString(),
  ...change,
});

/** What people answer. */
export function decide(
  neighbors: Neighbors,
  id: string,
  status: 'approved' | 'rejected' | 'expired',
  body: unknown = {},
): Approval | undefined {
  const approval = neighbors.approvals.get(id);
  if (!approval) return undefined;
  const reason = typeof body === 'object' && body !== null && 'reason' in body ? String(body.reason) : null;
  const at = new Date().toISOString();
  const vote = { by: 'ada', vote: status === 'approved' ? ('approve' as const) : ('reject' as const), reason, at };
  const decided = { ...approval, status, decidedAt: at, votes: status === 'expired' ? [] : [vote] };
  neighbors.approvals.set(id, decided);
  return decided;
}

const pendingApproval = (request: ApprovalRequest): Approval => ({
  ...request,
  id: newId(),
  status: 'pending',
  quorum: 1,
  votes: [],
  createdAt: new Date().toISOString(),
  expiresAt: new Date(Date.now() + 600_000).toISOString(),
  decidedAt: null,
});

const found = (body: unknown): { status: number; body: unknown } =>
  body === undefined ? problem('not-found', 404) : { status: 200, body };

const problem = (code: string, status: number): { status: number; body: unknown } => ({
  status,
  body: { type: 'about:blank', title: code, status, detail: code, instance: '', code, errors: [], traceId: '' },
});

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? undefined : JSON.parse(text);
}
