import type { ExecuteStore } from '../adapters/execution-records.ts';
import type { ExecuteSettings } from '../domain/settings.ts';
import type { ExecuteMetrics } from '../metrics.ts';
import type {
  Checkpoint,
  Clock,
  Decisions,
  Effectors,
  LocalPause,
  Permits,
  Signals,
  Targets,
  Violations,
} from '../ports.ts';
import type { GatheredRecords } from './gathered-records.ts';

/** What carrying out an execution needs. */
export interface ExecuteDeps {
  readonly store: ExecuteStore;
  readonly settings: ExecuteSettings;
  readonly environment: string;
  readonly permits: Permits;
  readonly localPause: LocalPause;
  readonly decisions: Decisions;
  readonly signals: Signals;
  readonly violations: Violations;
  readonly targets: Targets;
  readonly effectors: Effectors;
  readonly clock: Clock;
  readonly metrics: ExecuteMetrics;
  readonly checkpoint: Checkpoint;
  /** Where Charter's own services and servers answer: nothing acts on them unless a policy names them. */
  readonly ownUrls: readonly string[];
  readonly onError: (error: unknown, executionId: string | null) => void;
}

/** The same within a runner, which writes for all its executions together. */
export interface CarryDeps extends ExecuteDeps {
  readonly record: GatheredRecords;
}
