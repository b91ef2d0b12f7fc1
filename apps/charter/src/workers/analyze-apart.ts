import { Worker } from 'node:worker_threads';
import { CharterError } from '@charter/shared/contracts';
import { type AnalysisAnswer, type AnalysisJob, analyze } from './analysis-job.ts';

/** Jobs with fewer rules are done at once: a thread takes longer to start. */
const smallJob = 200;
const longestMs = 20_000;

const sizeOf = (job: AnalysisJob): number =>
  (job.kind === 'compare' ? [...job.before, ...job.after] : job.policies).reduce(
    (sum, { rules }) => sum + rules.length,
    0,
  );

/**
 * Analyzes policies without holding up decisions: large jobs have a thread of their own, one after the other, and a
 * time limit. Throws `overloaded` when it is passed.
 */
export function analyzeApart() {
  let last: Promise<unknown> = Promise.resolve();
  return (job: AnalysisJob): Promise<AnalysisAnswer> => {
    if (sizeOf(job) < smallJob) return Promise.resolve(analyze(job));
    const answer = last.then(() => inThread(job));
    last = answer.catch(() => undefined);
    return answer;
  };
}
export type AnalyzePolicies = ReturnType<typeof analyzeApart>;

async function inThread(job: AnalysisJob): Promise<AnalysisAnswer> {
  const thread = new Worker(new URL('./analysis-thread.ts', import.meta.url), { workerData: job });
  const limit = AbortSignal.timeout(longestMs);
  try {
    return await new Promise<AnalysisAnswer>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', reject);
      limit.addEventListener('abort', () =>
        reject(new CharterError('overloaded', 'The analysis takes too long; try it with fewer rules at a time')),
      );
    });
  } finally {
    await thread.terminate();
  }
}
