import { z } from 'zod';
import { createLadder, defaultLadderCapacity, type Ladder } from './ladder.ts';

const LadderState = z.strictObject({
  v: z.literal(1),
  rungs: z.array(
    z.strictObject({
      key: z.string(),
      recent: z.array(z.number()),
      event: z
        .strictObject({
          key: z.string(),
          metric: z.string(),
          policy: z.string(),
          severity: z.string(),
          action: z.string().nullable(),
          attempt_count: z.int(),
          startedAt: z.number(),
          lastAt: z.number(),
        })
        .nullable(),
    }),
  ),
});
/** A ladder as plain data, for a restart that forgets no attempt. */
export type LadderState = z.infer<typeof LadderState>;

export function stateOfLadder(ladder: Ladder): LadderState {
  const rungs = [...ladder.rungs].map(([key, { recent, event }]) => ({
    key,
    recent: [...recent],
    event: event === null ? null : { ...event },
  }));
  return { v: 1, rungs };
}

/** The ladder that `stateOfLadder` described; null when the data is something else. */
export function ladderFrom(state: unknown, capacity: number = defaultLadderCapacity): Ladder | null {
  const parsed = LadderState.safeParse(state);
  if (!parsed.success) return null;
  const ladder = createLadder(capacity);
  for (const { key, recent, event } of parsed.data.rungs.slice(-capacity)) ladder.rungs.set(key, { recent, event });
  return ladder;
}
