import { join } from 'node:path';
import { LoopConfig } from '@charter/service';
import { Duration, Ratio } from '@charter/shared/contracts';
import { z } from 'zod';

export const KnowledgeConfig = LoopConfig.extend({
  /** A trial this old weighs half of a fresh one. */
  KNOWLEDGE_HALF_LIFE: Duration.prefault('90d'),
  /** A problem that is back within so many times of what its remedy took was not solved, ... */
  KNOWLEDGE_RELAPSE_FACTOR: z.coerce.number().positive().default(10),
  /** ... but never later than this. */
  KNOWLEDGE_RELAPSE_WINDOW: Duration.prefault('30m'),
  /** Single outcomes are kept this long; what they taught stays. */
  KNOWLEDGE_RETENTION: Duration.prefault('400d'),
  /** Effective trials of a strategy before plan is told of it. */
  KNOWLEDGE_ADAPT_TRIALS: z.coerce.number().min(1).default(5),
  /** Change of a belief that is worth telling. */
  KNOWLEDGE_ADAPT_CHANGE: z.coerce.number().pipe(Ratio).default(0.1),
  /** The most that one adaptation may move what plan expects. */
  KNOWLEDGE_ADAPT_STEP: z.coerce.number().pipe(Ratio).default(0.2),
  /** Folder of runbooks (Markdown) that passages are found in. */
  KNOWLEDGE_RUNBOOKS: z
    .string()
    .min(1)
    .default(join(import.meta.dirname, '../../../docs/runbooks')),
  /** An OpenAI-compatible endpoint that may draft summaries of retrieved passages; none unless given. */
  KNOWLEDGE_SUMMARY_URL: z.url().optional(),
  KNOWLEDGE_SUMMARY_MODEL: z.string().min(1).default('default'),
  KNOWLEDGE_SUMMARY_KEY_FILE: z.string().min(1).optional(),
});
export type KnowledgeConfig = z.infer<typeof KnowledgeConfig>;

/** How the service learns. Durations in the unit they are named with. */
export interface LearningSettings {
  readonly halfLifeDays: number;
  readonly relapseFactor: number;
  readonly relapseSeconds: number;
  readonly adaptTrials: number;
  readonly adaptChange: number;
  readonly adaptStep: number;
}

const daySeconds = 86_400;

export const learningSettingsFrom = (config: KnowledgeConfig): LearningSettings => ({
  halfLifeDays: config.KNOWLEDGE_HALF_LIFE / daySeconds,
  relapseFactor: config.KNOWLEDGE_RELAPSE_FACTOR,
  relapseSeconds: config.KNOWLEDGE_RELAPSE_WINDOW,
  adaptTrials: config.KNOWLEDGE_ADAPT_TRIALS,
  adaptChange: config.KNOWLEDGE_ADAPT_CHANGE,
  adaptStep: config.KNOWLEDGE_ADAPT_STEP,
});
