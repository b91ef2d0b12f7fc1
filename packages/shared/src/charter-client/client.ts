import { z } from 'zod';
import {
  ActivePack,
  Approval,
  type ApprovalRequest,
  CharterError,
  Decision,
  type DecisionRequest,
  type Obligations,
  pageOf,
} from '../contracts/index.ts';
import { askCharter, type CallOptions, type CharterConnection, pathWithQuery, readAnswer } from './request.ts';
import { SignedSnapshot } from './snapshot.ts';

const ApprovalPage = pageOf(Approval);
const SnapshotAnswer = SignedSnapshot.extend({ publicKey: z.string() });

/** The active pack, unless it is the one whose etag was given, or none is active. */
export type ActivePackAnswer =
  | { readonly kind: 'active'; readonly pack: ActivePack; readonly etag: string | null }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'none' };

export interface Vote {
  readonly vote: 'approve' | 'reject';
  readonly reason?: string;
}

/** Stricter bounds for a question that waits; each may only ask for less, or for more people. */
export interface ApprovalEdit {
  readonly tighten: Pick<Obligations, 'quorum' | 'validForSeconds' | 'perHour' | 'blastRadius' | 'maxReplicas'>;
  readonly reason?: string;
}

/** The charter as other services see it. All but `decide` throw a `CharterError` when there is no good answer. */
export interface CharterClient {
  /** May this be done now? Never throws: no answer, a late one or a wrong one is a denial. */
  decide(request: DecisionRequest, options?: CallOptions): Promise<Decision>;
  activePack(etag?: string, options?: CallOptions): Promise<ActivePackAnswer>;
  createApproval(request: ApprovalRequest, options?: CallOptions): Promise<Approval>;
  approval(id: string, options?: CallOptions): Promise<Approval>;
  /** Newest first. */
  approvals(
    query?: { readonly limit?: number; readonly cursor?: string },
    options?: CallOptions,
  ): Promise<z.infer<typeof ApprovalPage>>;
  /** Votes on an approval; pass on the person's `authorization`, so that the vote is theirs. */
  vote(id: string, vote: Vote, options?: CallOptions): Promise<Approval>;
  /** Tightens a question that waits, as the person whose `authorization` is passed on; the answer has another `planHash`. */
  editApproval(id: string, edit: ApprovalEdit, options?: CallOptions): Promise<Approval>;
  /** Takes back a question this caller asked; one that is decided stays as it is. */
  withdraw(id: string, reason: string, options?: CallOptions): Promise<Approval>;
  /** The policies in force, signed: ask regularly, and keep the last one and the first key for when the charter is away. */
  snapshot(options?: CallOptions): Promise<SignedSnapshot & { publicKey: string }>;
}

/** The decision that stands when the charter does not answer: nothing automatic happens. `at` is when it was due. */
export function denyWhenSilent(error: unknown, at: Date): Decision {
  const why = error instanceof CharterError ? error.message : 'unexpected failure of the client';
  return {
    effect: 'deny',
    reasons: [{ policy: null, rule: null, line: null, effect: 'deny', text: `charter did not answer: ${why}` }],
    obligations: {},
    automation: 'observe',
    policyVersion: 'unknown',
    decisionId: 'none',
    decidedAt: at.toISOString(),
  };
}

/** A client of the charter's REST API. */
export function createCharterClient(connection: CharterConnection): CharterClient {
  const approvalPath = (id: string): string => `/api/v1/approvals/${encodeURIComponent(id)}`;
  return {
    async decide(body, options) {
      try {
        const answer = await askCharter(connection, { method: 'POST', path: '/api/v1/decisions', body, ...options });
        return readAnswer(Decision, answer);
      } catch (error) {
        return denyWhenSilent(error, new Date());
      }
    },
    async activePack(etag, options) {
      const path = '/api/v1/packs/active';
      try {
        const answer = await askCharter(connection, {
          method: 'GET',
          path,
          ...(etag === undefined ? {} : { etag }),
          ...options,
        });
        if (answer.status === 304) return { kind: 'unchanged' };
        return { kind: 'active', pack: readAnswer(ActivePack, answer), etag: answer.etag };
      } catch (error) {
        if (error instanceof CharterError && error.code === 'not-found') return { kind: 'none' };
        throw error;
      }
    },
    async createApproval(body, options) {
      const call = { method: 'POST', path: '/api/v1/approvals', body, ...options } as const;
      return readAnswer(Approval, await askCharter(connection, call));
    },
    async approval(id, options) {
      return readAnswer(Approval, await askCharter(connection, { method: 'GET', path: approvalPath(id), ...options }));
    },
    async approvals(query = {}, options) {
      const path = pathWithQuery('/api/v1/approvals', { limit: query.limit, cursor: query.cursor });
      return readAnswer(ApprovalPage, await askCharter(connection, { method: 'GET', path, ...options }));
    },
    async vote(id, { vote, reason }, options) {
      const body = reason === undefined ? {} : { reason };
      const call = { method: 'POST', path: `${approvalPath(id)}/${vote}`, body, ...options } as const;
      return readAnswer(Approval, await askCharter(connection, call));
    },
    async editApproval(id, body, options) {
      const call = { method: 'POST', path: `${approvalPath(id)}/edit`, body, ...options } as const;
      return readAnswer(Approval, await askCharter(connection, call));
    },
    async withdraw(id, reason, options) {
      const call = { method: 'POST', path: `${approvalPath(id)}/withdraw`, body: { reason }, ...options } as const;
      return readAnswer(Approval, await askCharter(connection, call));
    },
    async snapshot(options) {
      const call = { method: 'GET', path: '/api/v1/policies/snapshot', ...options } as const;
      return readAnswer(SnapshotAnswer, await askCharter(connection, call));
    },
  };
}
