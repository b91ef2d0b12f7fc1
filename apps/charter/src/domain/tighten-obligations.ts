import type { Obligations } from '@charter/shared/contracts';
import { z } from 'zod';

/** What people may change about a question that waits for them: only towards less. */
export const Tightening = z
  .strictObject({
    quorum: z.int().min(1).max(100).optional(),
    validForSeconds: z.number().positive().optional(),
    perHour: z.int().min(0).optional(),
    blastRadius: z.number().min(0).max(1).optional(),
    maxReplicas: z.int().min(0).optional(),
  })
  .refine((edit) => Object.values(edit).some((value) => value !== undefined), { error: 'Name at least one bound' });
export type Tightening = z.infer<typeof Tightening>;

export type Tightened =
  | { readonly ok: true; readonly obligations: Obligations }
  | { readonly ok: false; readonly refusal: string };

const upperBounds = ['validForSeconds', 'perHour', 'blastRadius', 'maxReplicas'] as const;

/** The obligations with stricter bounds; refused where one would loosen, or stay as it is. */
export function tightenObligations(former: Obligations, edit: Tightening): Tightened {
  for (const bound of upperBounds) {
    const [before, now] = [former[bound], edit[bound]];
    if (now !== undefined && before !== undefined && now >= before) {
      return { ok: false, refusal: `${bound} is ${String(before)} and may only be lowered, not set to ${String(now)}` };
    }
  }
  const quorum = former.quorum ?? 1;
  if (edit.quorum !== undefined && edit.quorum <= quorum) {
    return {
      ok: false,
      refusal: `quorum is ${String(quorum)} and may only be raised, not set to ${String(edit.quorum)}`,
    };
  }
  const named = Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined));
  return { ok: true, obligations: { ...former, ...named } };
}
