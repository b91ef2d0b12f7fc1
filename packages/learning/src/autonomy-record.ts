export type EarnedMode = 'observe' | 'approve' | 'auto';

/** One incident in which an action was, or would have been, what to do. */
export interface AutonomyCase {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** False: only observed. */
  readonly acted: boolean;
  /** 1, ½ or 0. */
  readonly success: number;
  readonly harm: boolean;
}

/** What else bears on a promotion. */
export interface AutonomySurroundings {
  /** Upper bound of how often the problem goes away by itself; success must beat it. */
  readonly selfRecoveryAtMost: number;
  /** Verified cases of like targets, how far they succeeded, and how many of them did harm. */
  readonly likeCases: number;
  readonly likeSuccesses: number;
  readonly likeHarms: number;
}

export interface AutonomyRecord {
  readonly mode: EarnedMode;
  readonly since: number;
  readonly reason: string;
  readonly firstAt: number | null;
  readonly lastAt: number;
  readonly observed: number;
  readonly cases: number;
  readonly successes: number;
  readonly harms: number;
  /** The last ten verified cases, oldest first; since it became automatic, if it ever did. */
  readonly recent: ReadonlyArray<Pick<AutonomyCase, 'success' | 'harm'>>;
  /** Cases without harm since the last demotion; null when never demoted. */
  readonly cleanSinceDemotion: number | null;
}
