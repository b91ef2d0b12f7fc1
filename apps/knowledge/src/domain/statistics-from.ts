import { OutcomeType, Ratio } from '@charter/shared/contracts';
import { z } from 'zod';

/** Outcomes of one name, type and kind, counted. */
export interface OutcomeCounts {
  readonly name: string;
  readonly type: string;
  readonly executed: boolean;
  readonly count: number;
  readonly timed: number;
  readonly seconds: number;
  /** Stable within the target of 15 s. */
  readonly prompt: number;
  readonly corrected: number;
}

export const Standing = z.object({
  outcomes: z.int(),
  executed: z.int(),
  byType: z.record(OutcomeType, z.int()),
  /** Share of verified acts that helped, a partial one counting half; null without any. Target: above 0.7. */
  effectiveness: Ratio.nullable(),
  /** Share of verified acts after which everything was well; null without any. Target: above 0.9. */
  recovery: Ratio.nullable(),
  /** Acts that made things worse, per thousand verified ones. Target: below 1. */
  harmPerThousand: z.number().nullable(),
  /** Share of problems left alone that went away; null without any. */
  selfRecovery: Ratio.nullable(),
  meanSecondsToStabilize: z.number().nullable(),
  /** Share of timed successes that were stable within 15 s of the start of execution. */
  withinTarget: Ratio.nullable(),
  corrected: z.int(),
});
export type Standing = z.infer<typeof Standing>;

/** How the loop stands over the counted outcomes. */
export function standingFrom(counts: readonly OutcomeCounts[]): Standing {
  const sum = (of: (one: OutcomeCounts) => number, some = counts): number =>
    some.reduce((total, one) => total + of(one), 0);
  const many = (executed: boolean, type: OutcomeType): number =>
    sum(
      ({ count }) => count,
      counts.filter((one) => one.executed === executed && one.type === type),
    );
  const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
  const acted = counts.filter(({ executed }) => executed);
  const [success, partial, harmful] = [many(true, 'success'), many(true, 'partial'), many(true, 'degradation')];
  const verified = success + partial + harmful + many(true, 'ineffective');
  const alone = many(false, 'success');
  const known = alone + many(false, 'partial') + many(false, 'ineffective') + many(false, 'degradation');
  const timed = sum((one) => one.timed, acted);
  return {
    outcomes: sum(({ count }) => count),
    executed: sum(({ count }) => count, acted),
    byType: Object.fromEntries(
      OutcomeType.options.map((type) => [type, many(true, type) + many(false, type)]),
    ) as Record<OutcomeType, number>,
    effectiveness: share(success + partial / 2, verified),
    recovery: share(success, verified),
    harmPerThousand: verified === 0 ? null : (1_000 * harmful) / verified,
    selfRecovery: share(alone, known),
    meanSecondsToStabilize: share(
      sum(({ seconds }) => seconds, acted),
      timed,
    ),
    withinTarget: share(
      sum(({ prompt }) => prompt, acted),
      timed,
    ),
    corrected: sum(({ corrected }) => corrected),
  };
}

/** The same for each name. */
export function standingsFrom(counts: readonly OutcomeCounts[]): Array<Standing & { name: string }> {
  return [...Map.groupBy(counts, ({ name }) => name)].map(([name, ofName]) => ({ name, ...standingFrom(ofName) }));
}
