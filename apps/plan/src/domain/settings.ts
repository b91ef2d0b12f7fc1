import type { Severity } from '@charter/shared/contracts';

/** Every number planning uses, in one place; `config.ts` overrides some of them from the environment. */
export interface PlanningSettings {
  /** Root causes less certain than this start nothing. */
  readonly minConfidence: number;
  /** How many violations a noisy rule needs before anything is planned. */
  readonly noisyBurst: number;
  /** How many candidates the charter is asked about, best first. */
  readonly maxCandidates: number;
  /** What letting a violation stand loses, 0..1. */
  readonly lossBySeverity: Readonly<Record<Severity, number>>;
  readonly maxBenefit: number;
  /** How much of a plan's risk counts against it. */
  readonly riskWeight: number;
  /** A remedy that takes this long is worth nothing. */
  readonly horizonSeconds: number;
  /** Chance that a violation goes away by itself, before Knowledge has evidence. */
  readonly selfRecovery: number;
  /** How many trials a prior (the pack's expectation, the base rate) is worth against evidence. */
  readonly priorTrials: number;
  /** Width of the uncertainty in standard deviations; 0.674 is the half of a 50 % interval. */
  readonly uncertaintyDeviations: number;
  /** How often one strategy is tried in one incident although it helped only in part or for a while. */
  readonly maxTriesPerStrategy: number;
  /** How long an incident is left alone after a plan healed it, and after execute refused one. */
  readonly settleSeconds: number;
  readonly refusedSeconds: number;
  /** How long an automatic plan may wait for execute, and an approved one too. */
  readonly planSeconds: number;
  /** How long a question to people stands unless the policy says otherwise. */
  readonly approvalSeconds: number;
  /** How long an incident is watched for recovering by itself. */
  readonly watchSeconds: number;
  /** How many signals verification looks at, the violated ones first. */
  readonly verifySignals: number;
  /** How many of these may be peers that are left alone. */
  readonly verifyPeers: number;
  readonly verifySamples: number;
  readonly verifyIntervalSeconds: number;
  readonly verifyWindowSeconds: number;
  /** Sign flips of one resource within this window are counted; this many freeze it for as long. */
  readonly oscillationWindowSeconds: number;
  readonly oscillationFlips: number;
  /** Share of targets that must be healthy; below it nothing is planned, until it held for the cool-down. */
  readonly minHealthy: number;
  /** The brake needs at least this many unhealthy components, so that small systems can be healed. */
  readonly stormComponents: number;
  readonly stormCooldownSeconds: number;
  /** Nothing is planned again from an analysis older than this. */
  readonly evidenceSeconds: number;
  /** An incident nobody spoke of for this long no longer counts as unhealthy. */
  readonly staleIncidentSeconds: number;
  /** Utilization a sized component is brought back to, and the most it grows in one plan. */
  readonly sizeUtilization: number;
  readonly sizeMaxFactor: number;
  /** Share of the runbook's success that exploring may cost at most, and how far back what it saved and spent counts. */
  readonly exploreBudget: number;
  readonly exploreDays: number;
  /** Draws behind a recorded chance. */
  readonly exploreDraws: number;
}

export const defaultSettings: PlanningSettings = {
  minConfidence: 0.6,
  noisyBurst: 3,
  maxCandidates: 5,
  lossBySeverity: { critical: 1, warning: 0.9, info: 0.5 },
  maxBenefit: 0.95,
  riskWeight: 0.2,
  horizonSeconds: 600,
  selfRecovery: 0.1,
  priorTrials: 5,
  uncertaintyDeviations: 0.674,
  maxTriesPerStrategy: 3,
  settleSeconds: 30,
  refusedSeconds: 10,
  planSeconds: 120,
  approvalSeconds: 900,
  watchSeconds: 600,
  verifySignals: 40,
  verifyPeers: 5,
  verifySamples: 3,
  verifyIntervalSeconds: 2,
  verifyWindowSeconds: 30,
  oscillationWindowSeconds: 600,
  oscillationFlips: 2,
  minHealthy: 0.3,
  stormComponents: 4,
  stormCooldownSeconds: 30,
  evidenceSeconds: 90,
  staleIncidentSeconds: 600,
  sizeUtilization: 0.7,
  sizeMaxFactor: 4,
  exploreBudget: 0.1,
  exploreDays: 90,
  exploreDraws: 100,
};
