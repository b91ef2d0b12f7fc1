/** What runs an executor outside its service: a benchmark, or a process that brings its own world. */
export { type ExecuteStore, recordExecution } from './adapters/execution-records.ts';
export { monotonicClock } from './adapters/monotonic-clock.ts';
export type { ExecuteTables } from './adapters/tables.ts';
export { defaultSettings } from './domain/settings.ts';
export { createExecuteMetrics } from './metrics.ts';
export { executeMigrations } from './migrations.ts';
export type { Effector } from './ports.ts';
export type { ExecuteDeps } from './workers/deps.ts';
export { onPlan } from './workers/on-plan.ts';
export { startRunner } from './workers/runner.ts';
