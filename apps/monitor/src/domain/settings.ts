/** The numbers of Monitor's part of the domain; configuration overrides each. */
export interface MonitorSettings {
  /** An incident whose violations have all been resolved for this long is cleared; until then a recurrence joins it. */
  readonly incidentQuietSeconds: number;
  /** A violation that keeps firing is told again after this long, with its value of then. */
  readonly renotifySeconds: number;
  /** Evidence older than this counts for nothing: a signal without newer evidence is marked stale. */
  readonly staleAfterSeconds: number;
  /** A violation nobody could confirm or refute for this long is closed as abandoned. */
  readonly abandonAfterSeconds: number;
  /** How far a sample's time may be from ours. */
  readonly skewToleranceSeconds: number;
  /** A signal that changed between firing and resolved this often within the window flaps. */
  readonly flapTransitions: number;
  readonly flapWindowSeconds: number;
  /** While it flaps, a recovery must last this long before it counts. */
  readonly flapHoldSeconds: number;
  /** More announcements than this within the window are a storm: the rest waits, most severe first. */
  readonly stormAnnouncements: number;
  readonly stormWindowSeconds: number;
}

export const defaultSettings: MonitorSettings = {
  incidentQuietSeconds: 15,
  renotifySeconds: 30,
  staleAfterSeconds: 300,
  abandonAfterSeconds: 86_400,
  skewToleranceSeconds: 60,
  flapTransitions: 6,
  flapWindowSeconds: 600,
  flapHoldSeconds: 60,
  stormAnnouncements: 1_000,
  stormWindowSeconds: 30,
};

/** Thresholds of the Charter's own signals when neither rule nor event names one, by metric. Times are seconds. */
export const defaultThresholds: Readonly<Record<string, number>> = {
  policy_violations: 10,
  enforcement_latency_seconds: 5,
  validation_latency_seconds: 2,
  committee_decision_seconds: 30,
};
