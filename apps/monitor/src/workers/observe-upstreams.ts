import type { Answer } from '../domain/observe-query.ts';
import type { Asked } from '../domain/observe-round.ts';
import type { WatchRule } from '../domain/watch.ts';
import type { Clock, QuerySource } from '../ports.ts';

export interface RoundLimits {
  readonly concurrency: number;
  readonly roundSeconds: number;
}

const late: Answer = { kind: 'inconclusive', reason: 'deadline', detail: 'The round ended before this was answered' };

/**
 * Asks every rule with a query, a bounded number at once and the same question once. The round ends in time whatever the
 * upstreams do; what is not answered by then is inconclusive.
 */
export async function askRules(
  rules: Iterable<WatchRule>,
  queries: QuerySource,
  limits: RoundLimits,
  clock: Clock,
): Promise<Asked[]> {
  const byQuestion = Map.groupBy(
    [...rules].filter(({ query }) => query !== null),
    ({ upstream, query }) => JSON.stringify([upstream, query]),
  );
  const signal = AbortSignal.timeout(limits.roundSeconds * 1_000);
  const asked: Asked[] = [];
  const waiting = [...byQuestion.values()];

  async function askNext(): Promise<void> {
    for (let rulesAlike = waiting.shift(); rulesAlike; rulesAlike = waiting.shift()) {
      const [first] = rulesAlike;
      if (!first || first.query === null) continue;
      const answer = signal.aborted
        ? late
        : await withinRound(queries.ask(first.upstream, first.query, signal), signal);
      const at = clock();
      for (const rule of rulesAlike) asked.push({ rule, answer, at });
    }
  }

  await Promise.all(Array.from({ length: limits.concurrency }, askNext));
  return asked;
}

/** The answer, or that it came too late; a source that ignores the signal holds nobody up. */
async function withinRound(asking: Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  const ended = Promise.withResolvers<Answer>();
  const end = (): void => ended.resolve(late);
  signal.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([asking, ended.promise]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}
