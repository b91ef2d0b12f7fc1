import { z } from 'zod';
import { Instant, Ulid } from './scalars.ts';

/** One queue: its name, what travels on it, and how often a message is tried. */
export interface QueueDefinition<Data = unknown> {
  readonly name: string;
  readonly version: number;
  readonly data: z.ZodType<Data>;
  readonly attempts: number;
}

export function defineQueue<Data>(queue: {
  name: string;
  data: z.ZodType<Data>;
  version?: number;
  attempts?: number;
}): QueueDefinition<Data> {
  return { version: 1, attempts: 5, ...queue };
}

/** What travels on every queue. `id` is the outbox row; a consumer is idempotent by it. */
export interface Message<Data = unknown> {
  readonly v: number;
  readonly id: Ulid;
  readonly incidentId: Ulid | null;
  readonly cycleId?: Ulid | undefined;
  readonly traceparent: string | null;
  readonly emittedAt: Instant;
  readonly data: Data;
}

/** The envelope around any data; the data itself is checked against its queue's schema. */
export const Envelope = z.strictObject({
  v: z.int().min(1),
  id: Ulid,
  incidentId: Ulid.nullable(),
  cycleId: Ulid.optional(),
  traceparent: z.string().max(100).nullable(),
  emittedAt: Instant,
  data: z.json(),
});
export type Envelope = z.infer<typeof Envelope>;

/** What is wrong with a message: each field once, in one line that fits a log and a dead letter. */
export const violatedContract = (error: z.ZodError): string =>
  error.issues.map(({ path, message }) => `${path.length > 0 ? path.join('.') : 'message'}: ${message}`).join('; ');
