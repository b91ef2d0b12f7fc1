import type { CharterClient } from '@charter/shared/charter-client';
import { CharterError } from '@charter/shared/contracts';
import type { SummaryEndpoint } from '../adapters/summary-endpoint.ts';
import { citedIn, redacted, type SummarySource, summaryRequest } from '../domain/summary-request.ts';

export interface SummarizeDeps {
  readonly endpoint: SummaryEndpoint;
  readonly charter: Pick<CharterClient, 'decide'>;
}

export interface Summary {
  readonly summary: string;
  readonly model: string;
  readonly citations: ReadonlyArray<{ readonly number: number; readonly source: string; readonly title: string }>;
  /** Names of signals that the charter does not let leave. */
  readonly redacted: readonly string[];
}

/**
 * Has retrieved passages summed up outside. The charter is asked for each signal whether it may be exported for that; the
 * others are taken out, and everything is where the charter is silent. A summary that cites nothing is not one.
 */
export async function summarize(
  question: string,
  sources: readonly SummarySource[],
  signals: readonly string[],
  { endpoint, charter }: SummarizeDeps,
): Promise<Summary> {
  if (sources.length === 0) throw new CharterError('not-found', 'Nothing was found that could be summed up');
  const spoken = signals.filter((name) => [question, ...sources.map(textOf)].some((text) => text.includes(name)));
  const forbidden: string[] = [];
  for (const metric of new Set(spoken)) {
    const { effect } = await charter.decide({ action: 'export', metric, purpose: 'summary', subject: 'knowledge' });
    if (effect !== 'allow') forbidden.push(metric);
  }
  const clean = (text: string): string => redacted(text, forbidden);
  const shown = sources.map(({ source, title, text }) => ({
    source: clean(source),
    title: clean(title),
    text: clean(text),
  }));
  const summary = clean(await endpoint.draft(summaryRequest(endpoint.model, clean(question), shown)));
  const cited = citedIn(summary, shown.length);
  if (cited.length === 0) throw new CharterError('upstream-unavailable', 'The summary cites none of its passages');
  return {
    summary: summary.slice(0, 4_000),
    model: endpoint.model,
    citations: cited.flatMap((number) => {
      const source = shown[number - 1];
      return source ? [{ number, source: source.source, title: source.title }] : [];
    }),
    redacted: forbidden,
  };
}

const textOf = ({ source, title, text }: SummarySource): string => `${source} ${title} ${text}`;
