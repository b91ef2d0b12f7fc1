import { z } from 'zod';
import { Instant, Name } from './scalars.ts';

/** What a pause stops: everything, one policy, or one target group. */
export const PauseScope = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('global') }),
  z.strictObject({ kind: z.literal('policy'), name: Name }),
  z.strictObject({ kind: z.literal('group'), name: Name }),
]);
export type PauseScope = z.infer<typeof PauseScope>;

/** The orchestrator's leave to act, good until `expiresAt` (5 s). `granted: false` says why not. */
export const Permit = z.object({
  granted: z.boolean(),
  reason: z.string().nullable(),
  paused: z.array(PauseScope),
  issuedAt: Instant,
  expiresAt: Instant,
});
export type Permit = z.infer<typeof Permit>;
