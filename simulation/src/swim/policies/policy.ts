import type { SwimSettings } from '../settings.ts';
import type { Arrivals } from '../trace.ts';
import type { UtilityName } from '../utility.ts';

/** What a policy sees at the end of a period: nothing that the line protocol does not tell. */
export interface Seen {
  readonly time: number;
  /** Requests a second over the period, and over its quarters. */
  readonly rate: number;
  readonly samples: readonly number[];
  /** Requests that left, a second. */
  readonly departures: number;
  readonly response: number;
  /** Busy share of each connected server. */
  readonly utilization: readonly number[];
  readonly activeServers: number;
  /** The booting one included. */
  readonly servers: number;
  readonly bootRemaining: number | null;
  readonly dimmer: number;
}

export interface Decision {
  readonly change: 'none' | 'add' | 'remove';
  readonly dimmer: number;
}

/** Asked at the end of every period; what it answers before adaptation starts is not carried out. */
export type Policy = (seen: Seen) => Decision;

export interface PolicyContext {
  readonly settings: SwimSettings;
  readonly utility: UtilityName;
  /** For the oracle alone. */
  readonly arrivals: Arrivals;
}

export type PolicyMaker = (context: PolicyContext) => Policy;
