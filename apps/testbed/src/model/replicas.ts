import type { ComponentState } from './world.ts';

/** Time from the order to a replica that serves. */
export const BOOT_SECONDS = 2.5;

export function bootingOf(state: ComponentState): number {
  let count = 0;
  for (const boot of state.boots) count += boot.count;
  return count;
}

/** Declares another number: new replicas boot first, surplus ones go at once, those still booting first. */
export function declareReplicas(state: ComponentState, replicas: number, now: number): void {
  const difference = replicas - state.declared.replicas;
  state.declared.replicas = replicas;
  state.running.replicas = replicas;
  for (const { spec } of state.rollouts) spec.replicas = replicas;
  if (difference > 0) state.boots.push({ at: now + BOOT_SECONDS, count: difference });
  let surplus = Math.max(0, -difference);
  for (const boot of state.boots) {
    const stopped = Math.min(boot.count, surplus);
    boot.count -= stopped;
    surplus -= stopped;
  }
}

/** Requests queued and in work on the given share of replicas are lost: they fail in the next steps. */
export function severWork(state: ComponentState, share: number): void {
  for (const zone of [state.zones.a, state.zones.b]) {
    const lost = Math.round(zone.queue * share);
    zone.queue -= lost;
    state.totals.codes['503'] += lost;
    state.totals.logs.error += lost;
  }
  const workers = Number(state.running.config.workers ?? 0);
  state.severed += Math.round(state.busyRatio * workers * state.ready * share);
}

/** Half of the replicas at a time would double the delay, so one half and all that are down boot together. */
export function restartReplicas(state: ComponentState, now: number): void {
  const count = Math.min(state.declared.replicas, Math.max(Math.ceil(state.declared.replicas / 2), state.down));
  severWork(state, Math.min(1, count / Math.max(1, state.ready)));
  state.boots = [{ at: now + BOOT_SECONDS, count }];
  state.down = 0;
  state.totals.restarts += count;
}

/** Brings the number of ready replicas up to date. */
export function settleReplicas(state: ComponentState, down: number, now: number): void {
  state.boots = state.boots.filter((boot) => boot.count > 0 && boot.at > now);
  const bounded = Math.min(down, state.declared.replicas);
  if (bounded > state.down) severWork(state, Math.min(1, (bounded - state.down) / Math.max(1, state.ready)));
  if (bounded < state.down) state.boots.push({ at: now + BOOT_SECONDS, count: state.down - bounded });
  state.down = bounded;
  state.ready = Math.max(0, state.declared.replicas - bootingOf(state) - state.down);
}
