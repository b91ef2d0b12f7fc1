import type { ExecuteSettings } from './settings.ts';

/** The brake as it is kept: when it was pulled, and since when enough has been healthy again. */
export interface BrakeState {
  readonly pulledAt: number | null;
  readonly calmSince: number | null;
}

/** Pulls the brake when too much is unhealthy at once; lets go after enough was healthy for a while. `now` in ms. */
export function stepBrake(
  state: BrakeState,
  { targets, unhealthy }: { targets: number; unhealthy: number },
  settings: ExecuteSettings['storm'],
  now: number,
): BrakeState {
  const healthy = targets === 0 ? 1 : (targets - unhealthy) / targets;
  const isStorm = targets >= settings.minTargets && healthy < settings.minHealthy;
  if (isStorm) return { pulledAt: state.pulledAt ?? now, calmSince: null };
  if (state.pulledAt === null) return state;
  const calmSince = state.calmSince ?? now;
  if (now - calmSince >= settings.cooldownSeconds * 1_000) return { pulledAt: null, calmSince: null };
  return { pulledAt: state.pulledAt, calmSince };
}
