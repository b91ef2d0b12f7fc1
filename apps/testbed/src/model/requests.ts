import type { Effects } from './effects.ts';
import { nextBinomial, type Random, roundRandomly } from './random.ts';
import { type ComponentName, TOPOLOGY } from './topology.ts';
import type { ComponentState, ZoneState } from './world.ts';

/** Processor time under an emergency override: degraded answers skip what is not essential. */
const DEGRADED_DEMAND = 0.3;
/** Validation's part of the processor time, saved by a bypass. */
const VALIDATION_DEMAND = 0.1;
const LOAD_MEMORY_SECONDS = 2;

/** What became of a component's requests in one step, before latencies and errors of callees are known. */
export interface Intake {
  arrivals: number;
  throttled: number;
  refused: number;
  expired: number;
  served: number;
  servedShared: number;
  demandSeconds: number;
  stepSeconds: number;
}

export function emptyIntake(): Intake {
  return {
    arrivals: 0,
    throttled: 0,
    refused: 0,
    expired: 0,
    served: 0,
    servedShared: 0,
    demandSeconds: 0,
    stepSeconds: 0,
  };
}

/** Replicas on the shared host: a quarter, at least one of several. */
export function sharedReplicasOf(ready: number): number {
  return ready >= 2 ? Math.max(1, Math.floor(ready / 4)) : 0;
}

/** Garbage collection takes hold above 80 % of the memory limit. */
export function collectionFactorOf(memoryRatio: number): number {
  const pressure = Math.max(0, memoryRatio - 0.8) / 0.19;
  return 1 + 3 * pressure * pressure;
}

/** Takes a step's arrivals through the limiter, the balancer and the queues of both zones. */
export function takeIn(
  random: Random,
  component: ComponentName,
  state: ComponentState,
  effects: Effects,
  arrivals: number,
  dt: number,
  intake: Intake,
): void {
  const { running, totals } = state;
  intake.arrivals = arrivals;
  intake.stepSeconds = dt;
  intake.throttled = throttle(state, arrivals, dt);
  intake.refused = 0;
  intake.expired = 0;
  const accepted = arrivals - intake.throttled;
  intake.demandSeconds =
    TOPOLOGY[component].demandSeconds *
    effects.demandFactor *
    collectionFactorOf(state.memoryRatio) *
    (running.overrideUntil === null ? 1 : DEGRADED_DEMAND) *
    (running.bypassUntil === null ? 1 : 1 - VALIDATION_DEMAND);
  const shared = sharedReplicasOf(state.ready);
  const dedicated = state.ready - shared;
  let weightShared = running.weights.a * shared;
  let weightDedicated = running.weights.b * dedicated;
  if (weightShared + weightDedicated === 0) {
    weightShared = shared;
    weightDedicated = dedicated;
  }
  const shareOfShared = weightShared / (weightShared + weightDedicated || 1);
  const toShared = nextBinomial(random, accepted, shareOfShared);
  if (state.zones.a.queue > 0) spreadQueue(random, state, shareOfShared);
  intake.servedShared = serveZone(random, state, state.zones.a, toShared, shared, 1 - effects.steal, dt, intake);
  intake.served =
    intake.servedShared + serveZone(random, state, state.zones.b, accepted - toShared, dedicated, 1, dt, intake);
  totals.arrivals += arrivals;
  totals.workSeconds += intake.served * intake.demandSeconds;
  totals.capacitySeconds += (dedicated + shared * (1 - effects.steal)) * dt;
}

function throttle(state: ComponentState, arrivals: number, dt: number): number {
  const limit = state.running.limitRequestsPerSecond;
  if (limit === null) return 0;
  state.limiterTokens = Math.min(state.limiterTokens + limit * dt, Math.max(1, limit));
  const allowed = Math.min(arrivals, Math.floor(state.limiterTokens));
  state.limiterTokens -= allowed;
  return arrivals - allowed;
}

/** The balancer re-sends what waits in a zone that is to get less traffic than its queue holds. */
function spreadQueue(random: Random, state: ComponentState, shareOfShared: number): void {
  const { a, b } = state.zones;
  const total = a.queue + b.queue;
  const fair = roundRandomly(random, total * shareOfShared);
  if (state.running.weights.a === state.running.weights.b || a.queue <= fair) return;
  a.queue = Math.min(total, fair);
  b.queue = total - a.queue;
}

/** One zone as a fluid processor-sharing queue: bounded by processors, by worker slots and by the queue limit. */
function serveZone(
  random: Random,
  state: ComponentState,
  zone: ZoneState,
  arrivals: number,
  replicas: number,
  speed: number,
  dt: number,
  intake: Intake,
): number {
  if (replicas === 0) {
    intake.refused += arrivals + zone.queue;
    zone.queue = 0;
    zone.load *= Math.exp(-dt / LOAD_MEMORY_SECONDS);
    zone.waitSeconds = 0;
    return 0;
  }
  const { config } = state.running;
  const byProcessor = (replicas * speed * dt) / intake.demandSeconds;
  const bySlots = (replicas * Number(config.workers ?? 1) * dt) / Math.max(zone.holdSeconds, 1e-4);
  const rate = Math.min(byProcessor, bySlots);
  const waiting = zone.queue + arrivals;
  const served = Math.min(waiting, roundRandomly(random, rate));
  let queue = waiting - served;
  const patience = Math.ceil((Number(config.timeoutSeconds ?? 1) * rate) / dt);
  if (queue > patience) {
    intake.expired += queue - patience;
    queue = patience;
  }
  const room = Math.floor(replicas * Number(config.queueLimit ?? 0));
  if (queue > room) {
    intake.refused += queue - room;
    queue = room;
  }
  zone.queue = queue;
  zone.waitSeconds = (queue * dt) / rate;
  zone.load += (Math.min(1, served / byProcessor) - zone.load) * (1 - Math.exp(-dt / LOAD_MEMORY_SECONDS));
  return served;
}
