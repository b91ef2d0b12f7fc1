import { z } from 'zod';
import { ActionType } from './action.ts';
import { Instant, Name } from './scalars.ts';

/** What execute knows of a target now: `GET /api/v1/targets` of execute answers a page of these. */
export const TargetState = z.object({
  name: Name,
  class: Name,
  group: Name,
  effector: z.string(),
  guarantee: z.enum(['keyed', 'set-point', 'at-most-once']),
  actions: z.array(ActionType),
  /** The settings the effector reads back, e.g. `{replicas: 3}`; null when it cannot be read now. */
  spec: z.record(z.string(), z.json()).nullable(),
  /** The settings before Charter last changed them; null when it never did. */
  previousSpec: z.record(z.string(), z.json()).nullable(),
  specHash: z.string().nullable(),
  /** Newest generation applied to this target; 0 when none. */
  generation: z.int().min(0),
  /** The execution that holds the target. */
  holder: z.string().nullable(),
  /** Open breaker or cool-down: nothing may act before this instant. */
  blockedUntil: Instant.nullable(),
  blockedReason: z.string().nullable(),
  readAt: Instant,
});
export type TargetState = z.infer<typeof TargetState>;
