import { createRandom, createTextIndex, type Document, type TextIndexOptions } from '@charter/learning';
import type { FaultSituation } from './learning-situations.ts';

export interface RetrievalResult {
  readonly documents: number;
  readonly questions: number;
  /** nDCG@10 with the one relevant page per question. */
  readonly hybrid: number;
  readonly words: number;
  readonly vectors: number;
  readonly millisecondsPerQuestion: number;
}

interface Question {
  readonly text: string;
  readonly relevant: string;
}

/** Public runbooks (`docs.jsonl`, `queries.jsonl`): the page for an alert, asked by its summary and description alone. */
export function measureRetrieval(docs: string, queries: string): RetrievalResult {
  const documents = linesOf(docs).map(
    (one): Document => ({ id: text(one, 'id'), title: text(one, 'title'), body: text(one, 'text') }),
  );
  const questions = linesOf(queries).map((one) => ({
    text: `${text(one, 'summary')} ${text(one, 'description')}`,
    relevant: text(one, 'relevant'),
  }));
  const hybrid = createTextIndex(documents);
  const before = performance.now();
  const score = meanGain(hybrid, questions);
  const milliseconds = performance.now() - before;
  return {
    documents: documents.length,
    questions: questions.length,
    hybrid: score,
    words: meanGain(createTextIndex(documents, { latentWeight: 0 }), questions),
    vectors: meanGain(createTextIndex(documents, { latentWeight: Number.POSITIVE_INFINITY }), questions),
    millisecondsPerQuestion: milliseconds / questions.length,
  };
}

function meanGain(index: ReturnType<typeof createTextIndex>, questions: readonly Question[]): number {
  const gains = questions.map((question) => {
    const rank = index.closest(question.text, 10).findIndex(({ id }) => id === question.relevant);
    return rank < 0 ? 0 : 1 / Math.log2(rank + 2);
  });
  return gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
}

const linesOf = (jsonl: string): Array<Record<string, unknown>> =>
  jsonl
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const text = (of: Record<string, unknown>, name: string): string => String(of[name] ?? '');

/** Recall@5 of incidents with the same cause (kind and component) in a history of the testbed's faults. */
export function measureRecall(situations: readonly FaultSituation[], incidents: number, seed: number) {
  const random = createRandom(seed);
  const history = Array.from({ length: incidents }, (_, index) => {
    const situation = situations[random.integer(situations.length)];
    return {
      id: String(index),
      cause: `${situation?.kind ?? ''} ${situation?.component ?? ''}`,
      words: situation?.words ?? '',
    };
  });
  const documents = history.map(({ id, words }): Document => {
    const [cause = '', component = '', ...rest] = words.split(' ');
    return { id, title: `${cause} ${component}`, body: rest.join(' ') };
  });
  const recallOf = (options: TextIndexOptions): number => {
    const index = createTextIndex(documents, options);
    const shares = history.map(({ id, cause, words }) => {
      const same = history.filter((one) => one.cause === cause && one.id !== id).length;
      const found = index
        .closest(words, 6)
        .filter((match) => match.id !== id)
        .slice(0, 5)
        .filter((match) => history[Number(match.id)]?.cause === cause).length;
      return same === 0 ? 1 : found / Math.min(5, same);
    });
    return shares.reduce((sum, share) => sum + share, 0) / shares.length;
  };
  return {
    hybrid: recallOf({}),
    words: recallOf({ latentWeight: 0 }),
    vectors: recallOf({ latentWeight: Number.POSITIVE_INFINITY }),
  };
}
