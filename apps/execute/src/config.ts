import { LoopConfig } from '@charter/service';
import { Duration } from '@charter/shared/contracts';
import { z } from 'zod';
import { defaultSettings as defaults, type ExecuteSettings } from './domain/settings.ts';

const duration = (seconds: number) => Duration.prefault(`${String(seconds)}s`);
const amount = (byDefault: number) => z.coerce.number().min(0).default(byDefault);
const count = (byDefault: number) => z.coerce.number().int().min(1).default(byDefault);

/** Environment of execute besides what every service reads; the defaults are `domain/settings.ts`. */
export const ExecuteConfig = LoopConfig.extend({
  CHARTER_STATE_DIR: z.string().min(1).default('.charter'),
  EXECUTE_LEASE: duration(defaults.leaseSeconds),
  EXECUTE_TARGET_LEASE: duration(defaults.targetLeaseSeconds),
  EXECUTE_CONCURRENCY: count(defaults.concurrency),
  EXECUTE_POLL: duration(defaults.pollSeconds),
  EXECUTE_HOLD_RETRY: duration(defaults.holdRetrySeconds),
  EXECUTE_HOLD_LIMIT: duration(defaults.holdLimitSeconds),
  EXECUTE_SLACK: duration(defaults.executionSlackSeconds),
  EXECUTE_PAUSE_LIMIT: duration(defaults.pauseLimitSeconds),
  EXECUTE_UNCERTAIN_LIMIT: duration(defaults.uncertainSeconds),
  EXECUTE_BREAKER_FAILURES: count(defaults.breaker.failures),
  EXECUTE_BREAKER_WINDOW: duration(defaults.breaker.windowSeconds),
  EXECUTE_COOLDOWN: duration(defaults.cooldownSeconds),
  EXECUTE_MIN_HEALTHY: z.coerce.number().min(0).max(1).default(defaults.storm.minHealthy),
  EXECUTE_STORM_TARGETS: count(defaults.storm.minTargets),
  EXECUTE_STORM_COOLDOWN: duration(defaults.storm.cooldownSeconds),
  EXECUTE_BUDGET_WINDOW: duration(defaults.budget.windowSeconds),
  EXECUTE_RISK_PER_TARGET: amount(defaults.budget.risk.target),
  EXECUTE_RISK_PER_GROUP: amount(defaults.budget.risk.group),
  EXECUTE_RISK_GLOBAL: amount(defaults.budget.risk.global),
  EXECUTE_ACTIONS_PER_POLICY: amount(defaults.budget.actions.policy),
  EXECUTE_ACTIONS_PER_GROUP: amount(defaults.budget.actions.group),
  EXECUTE_ACTIONS_GLOBAL: amount(defaults.budget.actions.global),
  EXECUTE_STABLE_SAMPLES: count(defaults.verification.stableSamples),
  EXECUTE_CLEAR_MARGIN: amount(defaults.verification.clearMargin),
  EXECUTE_PARTIAL_RATIO: amount(defaults.verification.partialRatio),
  EXECUTE_WORSE_MARGIN: amount(defaults.verification.worseMargin),
  EXECUTE_NEIGHBOR_MARGIN: amount(defaults.verification.neighborMargin),
});
export type ExecuteConfig = z.infer<typeof ExecuteConfig>;

export const settingsFrom = (config: ExecuteConfig): ExecuteSettings => ({
  leaseSeconds: config.EXECUTE_LEASE,
  targetLeaseSeconds: config.EXECUTE_TARGET_LEASE,
  concurrency: config.EXECUTE_CONCURRENCY,
  pollSeconds: config.EXECUTE_POLL,
  holdRetrySeconds: config.EXECUTE_HOLD_RETRY,
  holdLimitSeconds: config.EXECUTE_HOLD_LIMIT,
  executionSlackSeconds: config.EXECUTE_SLACK,
  pauseLimitSeconds: config.EXECUTE_PAUSE_LIMIT,
  uncertainSeconds: config.EXECUTE_UNCERTAIN_LIMIT,
  breaker: { failures: config.EXECUTE_BREAKER_FAILURES, windowSeconds: config.EXECUTE_BREAKER_WINDOW },
  cooldownSeconds: config.EXECUTE_COOLDOWN,
  storm: {
    minHealthy: config.EXECUTE_MIN_HEALTHY,
    minTargets: config.EXECUTE_STORM_TARGETS,
    cooldownSeconds: config.EXECUTE_STORM_COOLDOWN,
  },
  budget: {
    windowSeconds: config.EXECUTE_BUDGET_WINDOW,
    risk: {
      target: config.EXECUTE_RISK_PER_TARGET,
      group: config.EXECUTE_RISK_PER_GROUP,
      global: config.EXECUTE_RISK_GLOBAL,
    },
    actions: {
      policy: config.EXECUTE_ACTIONS_PER_POLICY,
      group: config.EXECUTE_ACTIONS_PER_GROUP,
      global: config.EXECUTE_ACTIONS_GLOBAL,
    },
  },
  verification: {
    stableSamples: config.EXECUTE_STABLE_SAMPLES,
    clearMargin: config.EXECUTE_CLEAR_MARGIN,
    partialRatio: config.EXECUTE_PARTIAL_RATIO,
    worseMargin: config.EXECUTE_WORSE_MARGIN,
    neighborMargin: config.EXECUTE_NEIGHBOR_MARGIN,
  },
});
