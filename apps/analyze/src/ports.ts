import type { Series } from '@charter/detection';
import type { Target } from '@charter/shared/contracts';

/** One window that was asked for, and what came of it. */
export interface ReadWindow {
  readonly component: string;
  readonly metric: string;
  readonly query: string;
  /** Seconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly stepSeconds: number;
  readonly samples: number;
  /** Why there is nothing, in words; null when there is something. */
  readonly inconclusive: string | null;
}

/** History of the targets' signals. */
export interface SignalHistory {
  around(
    targets: readonly Target[],
    detectedAt: string,
    now: string,
  ): Promise<{ series: Series[]; windows: ReadWindow[] }>;
}
