import type { Answer } from './domain/observe-query.ts';
import type { ActiveSilence } from './domain/suppression.ts';
import type { HeardAlert } from './domain/webhook-payload.ts';

/** Where rules are asked. Trouble is an answer; it never throws. */
export interface QuerySource {
  ask(upstream: string | null, query: string, signal: AbortSignal): Promise<Answer>;
}

export interface AlertTrouble {
  readonly kind: 'inconclusive';
  readonly reason: 'timeout' | 'unavailable' | 'rejected' | 'malformed';
  readonly detail: string;
}

/** All Alertmanagers together. Trouble with one of them is trouble: absence of an alert would prove nothing. */
export interface AlertSource {
  list(
    signal: AbortSignal,
  ): Promise<
    | { readonly kind: 'listed'; readonly alerts: readonly HeardAlert[]; readonly silences: readonly ActiveSilence[] }
    | AlertTrouble
  >;
  /** The alerts of one group, by the labels it is grouped by. */
  listGroup(
    labels: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<{ readonly kind: 'listed'; readonly alerts: readonly HeardAlert[] } | AlertTrouble>;
}

/** Milliseconds since the epoch. */
export type Clock = () => number;
