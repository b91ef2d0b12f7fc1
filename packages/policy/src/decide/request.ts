import type { OverrideLayer } from './overrides.ts';

/** What is known about the plan that wants to act. Shares are 0..1. */
export interface PlanFacts {
  readonly risk?: number | undefined;
  readonly cost?: number | undefined;
  readonly benefit?: number | undefined;
  readonly blastRadius?: number | undefined;
  readonly confidence?: number | undefined;
  readonly steps?: number | undefined;
  readonly priority?: string | undefined;
  readonly rootCause?: string | undefined;
}

/**
 * One question to the Charter: may this be done now? A missing field matches no rule that names it, and naming it in
 * a condition is an error (which denies).
 */
export interface PolicyRequest {
  /** A remediation action (RESTART_SERVICE), or what is done with data: collect, read, export. */
  readonly action: string;
  readonly target?: string | undefined;
  readonly targetClass?: string | undefined;
  readonly group?: string | undefined;
  readonly metric?: string | undefined;
  /** Node or service that sent a sample. */
  readonly source?: string | undefined;
  readonly role?: string | undefined;
  readonly purpose?: string | undefined;
  readonly environment?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly plan?: PlanFacts | undefined;
  readonly value?: number | string | undefined;
  /** Names of the windows (maintenance, freeze, business hours) that are open at `now`. */
  readonly windows?: readonly string[] | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
  /** The emergency overrides in force, from `compileOverrides`. */
  readonly overrides?: OverrideLayer | undefined;
}
