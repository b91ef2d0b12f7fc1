import { z } from 'zod';
import type { LiveTestbed } from '../live-testbed.ts';
import type { ComponentSpec } from '../model/index.ts';

/** Everything of a component that an actuator can change; equal specs mean exactly the same state. */
export const Spec = z.strictObject({
  replicas: z.int(),
  limitRequestsPerSecond: z.number().nullable(),
  weights: z.strictObject({ a: z.number(), b: z.number() }),
  config: z.record(z.string(), z.union([z.number(), z.string()])),
  policyVersion: z.string(),
  bypassUntil: z.iso.datetime().nullable(),
  overrideUntil: z.iso.datetime().nullable(),
});
export type Spec = z.infer<typeof Spec>;

export function specView(spec: ComponentSpec, live: LiveTestbed): Spec {
  const instantOf = (seconds: number | null): string | null => (seconds === null ? null : live.instantOf(seconds));
  return { ...spec, bypassUntil: instantOf(spec.bypassUntil), overrideUntil: instantOf(spec.overrideUntil) };
}
