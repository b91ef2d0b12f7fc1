import { LoopConfig } from '@charter/service';
import { Duration } from '@charter/shared/contracts';
import { z } from 'zod';
import { defaultSettings, type PlanningSettings } from './domain/settings.ts';

const Share = z.coerce.number().min(0).max(1);

export const PlanConfig = LoopConfig.extend({
  PLAN_MIN_CONFIDENCE: Share.default(defaultSettings.minConfidence),
  /** How often such violations go away by themselves, before Knowledge has evidence. */
  PLAN_SELF_RECOVERY: Share.default(defaultSettings.selfRecovery),
  PLAN_APPROVAL_TIME: Duration.prefault(`${String(defaultSettings.approvalSeconds)}s`),
  /** How long an incident is left alone after a plan healed it; longer than its resolution takes to be noticed. */
  PLAN_SETTLE_TIME: Duration.prefault(`${String(defaultSettings.settleSeconds)}s`),
  PLAN_WATCH_TIME: Duration.prefault(`${String(defaultSettings.watchSeconds)}s`),
  PLAN_VERIFY_INTERVAL: Duration.prefault(`${String(defaultSettings.verifyIntervalSeconds)}s`),
  PLAN_VERIFY_WINDOW: Duration.prefault(`${String(defaultSettings.verifyWindowSeconds)}s`),
  PLAN_OSCILLATION_WINDOW: Duration.prefault(`${String(defaultSettings.oscillationWindowSeconds)}s`),
  PLAN_MIN_HEALTHY: Share.default(defaultSettings.minHealthy),
  /** How long it is kept what plans were made from, for replay. */
  PLAN_HISTORY: Duration.prefault('90d'),
  PLAN_EXPLORE_BUDGET: Share.default(defaultSettings.exploreBudget),
  PLAN_STORM_COMPONENTS: z.coerce.number().int().min(1).default(defaultSettings.stormComponents),
});
export type PlanConfig = z.infer<typeof PlanConfig>;

/** The planning numbers with what the environment overrides. */
export const settingsFrom = (config: PlanConfig): PlanningSettings => ({
  ...defaultSettings,
  minConfidence: config.PLAN_MIN_CONFIDENCE,
  selfRecovery: config.PLAN_SELF_RECOVERY,
  exploreBudget: config.PLAN_EXPLORE_BUDGET,
  approvalSeconds: config.PLAN_APPROVAL_TIME,
  settleSeconds: config.PLAN_SETTLE_TIME,
  watchSeconds: config.PLAN_WATCH_TIME,
  verifyIntervalSeconds: config.PLAN_VERIFY_INTERVAL,
  verifyWindowSeconds: config.PLAN_VERIFY_WINDOW,
  oscillationWindowSeconds: config.PLAN_OSCILLATION_WINDOW,
  minHealthy: config.PLAN_MIN_HEALTHY,
  stormComponents: config.PLAN_STORM_COMPONENTS,
});
