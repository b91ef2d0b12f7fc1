/** A component as an M/M/c queue, seen once. */
export interface LoadSeen {
  /** Share of the processors in use, 0..1. */
  readonly utilization: number;
  readonly replicas: number;
}

export interface SizeLimits {
  /** Utilization to come back to. */
  readonly targetUtilization: number;
  /** The most it may grow in one step, as a factor. */
  readonly maxFactor: number;
  /** The most arrivals that may have to wait, 0..1. */
  readonly maxWaiting?: number;
}

/** From here on a queue grows without end and its utilization no longer tells how much is asked of it. */
const saturated = 0.98;

/**
 * How many replicas bring a loaded component back to its target utilization, with few arrivals waiting.
 * The offered load is utilization × replicas (in Erlangs); at saturation that is only a lower bound.
 * @returns null when what was seen is no utilization
 */
export function sizeFor({ utilization, replicas }: LoadSeen, limits: SizeLimits): number | null {
  if (!(utilization > 0 && utilization <= 1.05) || !Number.isInteger(replicas) || replicas < 1) return null;
  const { targetUtilization, maxFactor, maxWaiting = 0.2 } = limits;
  const most = Math.max(replicas, Math.floor(replicas * maxFactor));
  if (utilization >= saturated) return Math.min(most, replicas * 2);
  const offered = utilization * replicas;
  let size = Math.max(1, Math.ceil(offered / targetUtilization));
  while (size < most && waitingShare(offered, size) > maxWaiting) size += 1;
  return Math.min(most, size);
}

/** Erlang C: the share of arrivals that wait when `offered` Erlangs meet `servers`. */
export function waitingShare(offered: number, servers: number): number {
  if (offered >= servers) return 1;
  let blocked = 1;
  for (let n = 1; n <= servers; n += 1) blocked = (offered * blocked) / (n + offered * blocked);
  const load = offered / servers;
  return blocked / (1 - load + load * blocked);
}
