import type { Series } from '@charter/detection';
import type { ParsedPack } from '@charter/shared/charter-client';
import type { Target } from '@charter/shared/contracts';

/** What analysis needs of the active pack. */
export type AnalyzedPack = Pick<ParsedPack, 'rules' | 'signals' | 'targets'>;

/** One window that was asked for, and what came of it. */
export interface ReadWindow {
  /** The component it is of; null when one query asks for all of them. */
  readonly component: string | null;
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

/** History of the signals of some targets: those of the pack's rules, its signals, and the targets' own. */
export interface SignalHistory {
  around(
    pack: AnalyzedPack,
    targets: readonly Target[],
    detectedAt: string,
    now: string,
  ): Promise<{ series: Series[]; windows: ReadWindow[] }>;
}
