import type { Instant } from '@charter/shared/contracts';
import { z } from 'zod';
import { readJson, troubleFrom } from './api-answer.ts';
import type { UpstreamTrouble } from './inconclusive.ts';
import { type Arrived, createUpstream, type UpstreamOptions } from './upstream.ts';

const Matcher = z.object({
  name: z.string(),
  value: z.string(),
  isRegex: z.boolean(),
  isEqual: z.boolean().default(true),
});

/** An alert as `GET /api/v2/alerts` gives it. Times are RFC 3339. */
export const GettableAlert = z.object({
  fingerprint: z.string(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  startsAt: z.string(),
  endsAt: z.string(),
  updatedAt: z.string(),
  generatorURL: z.string().optional(),
  status: z.object({
    state: z.enum(['unprocessed', 'active', 'suppressed']),
    silencedBy: z.array(z.string()),
    inhibitedBy: z.array(z.string()),
    mutedBy: z.array(z.string()).default([]),
  }),
  receivers: z.array(z.object({ name: z.string() })),
});
export type GettableAlert = z.infer<typeof GettableAlert>;

/** A silence as `GET /api/v2/silences` gives it. */
export const GettableSilence = z.object({
  id: z.string(),
  status: z.object({ state: z.enum(['active', 'pending', 'expired']) }),
  matchers: z.array(Matcher),
  startsAt: z.string(),
  endsAt: z.string(),
  updatedAt: z.string(),
  createdBy: z.string(),
  comment: z.string(),
});
export type GettableSilence = z.infer<typeof GettableSilence>;

/** A silence to create. */
export interface NewSilence {
  readonly matchers: readonly z.input<typeof Matcher>[];
  readonly startsAt: Instant;
  readonly endsAt: Instant;
  readonly createdBy: string;
  readonly comment: string;
}

export interface AlertFilter {
  readonly active?: boolean;
  readonly silenced?: boolean;
  readonly inhibited?: boolean;
  /** Matchers such as `severity="critical"`; all must hold. */
  readonly matchers?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Alertmanager's API v2. No alerts is an answer; trouble is `inconclusive` and never throws. */
export interface Alertmanager {
  alerts(
    filter?: AlertFilter,
  ): Promise<{ readonly kind: 'alerts'; readonly alerts: readonly GettableAlert[] } | UpstreamTrouble>;
  silences(
    options?: Pick<AlertFilter, 'matchers' | 'signal'>,
  ): Promise<{ readonly kind: 'silences'; readonly silences: readonly GettableSilence[] } | UpstreamTrouble>;
  /** Not repeated when the answer is lost: look among `silences()` before creating it again. */
  createSilence(silence: NewSilence): Promise<{ readonly kind: 'created'; readonly id: string } | UpstreamTrouble>;
  expireSilence(id: string): Promise<{ readonly kind: 'expired' } | { readonly kind: 'unknown' } | UpstreamTrouble>;
  /** For `/ready`: throws `upstream-unavailable` when the upstream is not ready. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

const get = (path: string, signal: AbortSignal | undefined) =>
  ({ method: 'GET', path, signal, isRepeatable: true }) as const;

/** Alertmanager 0.25 answers 500 for a silence that it does not know. */
const isNotFound = ({ status, text }: Arrived): boolean =>
  status === 404 || (status === 500 && text.includes('not found'));

function queryOf({ matchers = [], signal: _signal, ...flags }: AlertFilter): string {
  const query = new URLSearchParams();
  for (const matcher of matchers) query.append('filter', matcher);
  for (const [name, value] of Object.entries(flags)) {
    if (value !== undefined) query.set(name, String(value));
  }
  return query.toString();
}

/** A client of one Alertmanager. */
export function createAlertmanager(options: UpstreamOptions): Alertmanager {
  const upstream = createUpstream(options);
  return {
    async alerts(filter = {}) {
      const question = get(`api/v2/alerts?${queryOf(filter)}`, filter.signal);
      const answer = readJson(z.array(GettableAlert), await upstream.ask(question));
      return answer.kind === 'read' ? { kind: 'alerts', alerts: answer.body } : answer;
    },
    async silences(filter = {}) {
      const question = get(`api/v2/silences?${queryOf(filter)}`, filter.signal);
      const answer = readJson(z.array(GettableSilence), await upstream.ask(question));
      return answer.kind === 'read' ? { kind: 'silences', silences: answer.body } : answer;
    },
    async createSilence(json) {
      const question = { method: 'POST', path: 'api/v2/silences', json, isRepeatable: false } as const;
      const answer = readJson(z.object({ silenceID: z.string() }), await upstream.ask(question));
      return answer.kind === 'read' ? { kind: 'created', id: answer.body.silenceID } : answer;
    },
    async expireSilence(id) {
      const path = `api/v2/silence/${encodeURIComponent(id)}`;
      const answer = await upstream.ask({ method: 'DELETE', path, isRepeatable: true });
      if (answer.kind === 'arrived' && answer.status === 200) return { kind: 'expired' };
      if (answer.kind === 'inconclusive') return answer;
      return isNotFound(answer) ? { kind: 'unknown' } : troubleFrom(answer);
    },
    ready: () => upstream.ready(),
    close: () => upstream.close(),
  };
}
