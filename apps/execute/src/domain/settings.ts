/** Every number this service acts by. Seconds unless a name says otherwise. */
export interface ExecuteSettings {
  /** Who carries an execution out keeps it this long without a sign of life. */
  readonly leaseSeconds: number;
  /** How long a target stays with its execution without a sign of life. */
  readonly targetLeaseSeconds: number;
  readonly concurrency: number;
  readonly pollSeconds: number;
  /** A gate that cannot be asked now is asked again this often, at most this long. */
  readonly holdRetrySeconds: number;
  readonly holdLimitSeconds: number;
  /** From the first step to the end, verification included; on top of what the plan itself declares. */
  readonly executionSlackSeconds: number;
  readonly pauseLimitSeconds: number;
  /** How long a target whose state is unknown is left to a person. */
  readonly uncertainSeconds: number;
  readonly breaker: { readonly failures: number; readonly windowSeconds: number };
  readonly cooldownSeconds: number;
  readonly storm: {
    /** Share of healthy targets below which nothing acts. */
    readonly minHealthy: number;
    /** Fewer targets than this are no storm. */
    readonly minTargets: number;
    readonly cooldownSeconds: number;
  };
  readonly budget: {
    readonly windowSeconds: number;
    /** Blast radius × irreversibility × uncertainty that may be spent a window. */
    readonly risk: { readonly target: number; readonly group: number; readonly global: number };
    readonly actions: { readonly policy: number; readonly group: number; readonly global: number };
  };
  readonly verification: {
    /** Consecutive resolved samples that end verification early. */
    readonly stableSamples: number;
    /** How far inside its threshold a signal must be to end early, as a share of the threshold. */
    readonly clearMargin: number;
    /** Share of the excess that must be gone for `partial`. */
    readonly partialRatio: number;
    /** How much worse than before, as a share of it, is degradation. */
    readonly worseMargin: number;
    /** The same for neighbors, which were not in trouble. */
    readonly neighborMargin: number;
  };
}

export const defaultSettings: ExecuteSettings = {
  leaseSeconds: 5,
  targetLeaseSeconds: 30,
  concurrency: 32,
  pollSeconds: 0.5,
  holdRetrySeconds: 0.5,
  holdLimitSeconds: 30,
  executionSlackSeconds: 60,
  pauseLimitSeconds: 900,
  uncertainSeconds: 900,
  breaker: { failures: 3, windowSeconds: 300 },
  cooldownSeconds: 15,
  storm: { minHealthy: 0.1, minTargets: 4, cooldownSeconds: 60 },
  budget: {
    windowSeconds: 3_600,
    risk: { target: 3, group: 6, global: 12 },
    actions: { policy: 120, group: 120, global: 300 },
  },
  verification: { stableSamples: 3, clearMargin: 0.05, partialRatio: 0.5, worseMargin: 0.2, neighborMargin: 0.5 },
};
