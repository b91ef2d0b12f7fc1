import { z } from 'zod';
import { Name, Ratio } from './scalars.ts';

export const ActionType = z.enum([
  'SCALE_UP',
  'SCALE_DOWN',
  'RESTART_SERVICE',
  'APPLY_POLICY',
  'BYPASS_VALIDATION',
  'THROTTLE_REQUESTS',
  'ACTIVATE_EMERGENCY_OVERRIDE',
  'REBALANCE_LOAD',
  'UPDATE_CONFIGURATION',
]);
export type ActionType = z.infer<typeof ActionType>;

/** What an effector is asked to set, e.g. `{replicas: 6}`: absolute, never relative, so that a repeat changes nothing. */
export const ActionParameters = z.record(z.string().max(100), z.json());
export type ActionParameters = z.infer<typeof ActionParameters>;

export interface ActionProfile {
  /** What acting costs by itself, 0..1. */
  readonly cost: number;
  /** 0..1; low below 0.3, high from 0.6. */
  readonly risk: number;
  readonly reversible: boolean;
  /** Ends by itself after its TTL. */
  readonly expires: boolean;
}

/** The domain's default price list; a strategy may say otherwise. */
export const actionProfiles: Readonly<Record<ActionType, ActionProfile>> = {
  SCALE_UP: { cost: 0.15, risk: 0.15, reversible: true, expires: false },
  SCALE_DOWN: { cost: 0.05, risk: 0.2, reversible: true, expires: false },
  RESTART_SERVICE: { cost: 0.2, risk: 0.4, reversible: false, expires: false },
  APPLY_POLICY: { cost: 0.3, risk: 0.4, reversible: true, expires: false },
  BYPASS_VALIDATION: { cost: 0.7, risk: 0.7, reversible: true, expires: true },
  THROTTLE_REQUESTS: { cost: 0.4, risk: 0.4, reversible: true, expires: false },
  ACTIVATE_EMERGENCY_OVERRIDE: { cost: 0.6, risk: 0.7, reversible: true, expires: true },
  REBALANCE_LOAD: { cost: 0.25, risk: 0.3, reversible: true, expires: false },
  UPDATE_CONFIGURATION: { cost: 0.35, risk: 0.4, reversible: true, expires: false },
};

/** One typed change to one target. `id` is unique within its plan. */
export const PlannedAction = z.object({
  id: Name,
  action: ActionType,
  target: Name,
  parameters: ActionParameters,
  dependsOn: z.array(Name).max(20),
  cost: Ratio,
  risk: Ratio,
  reversible: z.boolean(),
  /** How long until an effect can be seen. */
  delaySeconds: z.number().min(0),
  timeoutSeconds: z.number().positive(),
});
export type PlannedAction = z.infer<typeof PlannedAction>;
