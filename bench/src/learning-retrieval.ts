import { createTextIndex, type Document } from '@charter/learning';

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
