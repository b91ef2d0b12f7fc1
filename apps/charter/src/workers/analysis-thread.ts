import { parentPort, workerData } from 'node:worker_threads';
import { type AnalysisJob, analyze } from './analysis-job.ts';

/** Entry of the thread that analyzes: one job in, one answer out. */
parentPort?.postMessage(analyze(workerData as AnalysisJob));
