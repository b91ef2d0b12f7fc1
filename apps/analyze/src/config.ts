import { LoopConfig } from '@charter/service';
import { Duration } from '@charter/shared/contracts';
import { z } from 'zod';

export const AnalyzeConfig = LoopConfig.extend({
  /** How far before the incident its series are read. */
  ANALYZE_WINDOW: Duration.prefault('10m'),
  /** Finest step of a window; longer windows are read in coarser steps, `ANALYZE_POINTS` at most. */
  ANALYZE_STEP: Duration.prefault('1s'),
  ANALYZE_POINTS: z.coerce.number().int().min(20).max(5_000).default(400),
  /** Targets whose signals are read for one incident, at most. */
  ANALYZE_TARGETS: z.coerce.number().int().min(1).max(1_000).default(60),
  /** How far what Knowledge learned of outcomes may move a confidence; 0 leaves confidences as they are. */
  ANALYZE_REFIT_BOUND: z.coerce.number().min(0).max(1).default(0.15),
  ANALYZE_RETENTION_DAYS: z.coerce.number().int().min(1).default(30),
});
export type AnalyzeConfig = z.infer<typeof AnalyzeConfig>;
