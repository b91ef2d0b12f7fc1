import type { Instant } from '@charter/shared/contracts';
import type { PlanningSettings } from './settings.ts';

/** Since when too much is unhealthy, and since when it no longer is although the brake still holds. */
export interface Brake {
  readonly since: Instant | null;
  readonly calmSince: Instant | null;
}

export const released: Brake = { since: null, calmSince: null };

/** Sets the brake when too many components are unhealthy at once; releases it once that has been over for the cool-down. */
export function brakeAfter(
  brake: Brake,
  seen: { readonly unhealthy: number; readonly targets: number },
  now: Instant,
  settings: PlanningSettings,
): Brake {
  const healthy = seen.targets === 0 ? 1 : 1 - Math.min(1, seen.unhealthy / seen.targets);
  const isStorm = seen.unhealthy >= settings.stormComponents && healthy < settings.minHealthy;
  if (isStorm) return { since: brake.since ?? now, calmSince: null };
  if (brake.since === null) return released;
  const calmSince = brake.calmSince ?? now;
  const calmSeconds = (Date.parse(now) - Date.parse(calmSince)) / 1_000;
  return calmSeconds >= settings.stormCooldownSeconds ? released : { since: brake.since, calmSince };
}
