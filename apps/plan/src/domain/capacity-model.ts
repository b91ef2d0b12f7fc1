/** Seconds of processor a request needs, and how much more on a server whose cache is empty. */
export interface Demand {
  readonly seconds: number;
  readonly coldExtraSeconds: number;
}

/** A pool of equal servers behind a balancer, each a processor-sharing queue, whose optional content can be dimmed. */
export interface CapacityModel {
  readonly minServers: number;
  readonly maxServers: number;
  /** From asking for a server until it takes requests; one boots at a time. */
  readonly bootSeconds: number;
  /** How often a decision is made. */
  readonly periodSeconds: number;
  /** Shares of requests with optional content to choose from, ascending; `[1]` where nothing can be dimmed. */
  readonly dimmerLevels: readonly number[];
  readonly full: Demand;
  readonly reduced: Demand;
  /** Requests after which 5 % of the cold extra is left. */
  readonly warmUpRequests: number;
  /** A mean response above this is late. */
  readonly thresholdSeconds: number;
  readonly objective: CapacityObjective;
}

/** What one period is worth. */
export interface CapacityObjective {
  /** For a request each second of the period, with and without optional content. */
  readonly fullRevenue: number;
  readonly reducedRevenue: number;
  /** For each server that is not paid for, as long as nothing is dimmed. */
  readonly serverSaving: number;
  /** A late period costs `fullRevenue` for each request a second that the whole pool could carry above what came. */
  readonly carriedPerServer: number;
}

/** What the model learned from what was measured, so that it need not be right from the start. */
export interface Calibration {
  /** Jobs waiting for each job's worth of load, 1 for Poisson arrivals, less for smoother ones. */
  readonly burstiness: number;
  /** Measured processor time over declared processor time. */
  readonly demandScale: number;
}

export const uncalibrated: Calibration = { burstiness: 1, demandScale: 1 };

/** Mean seconds of processor a request needs on a server that has served `served` requests. */
export function demandOf(model: CapacityModel, dimmer: number, served: number): number {
  const cold = Math.exp((Math.log(0.05) / model.warmUpRequests) * served);
  const { full, reduced } = model;
  return (
    dimmer * (full.seconds + cold * full.coldExtraSeconds) +
    (1 - dimmer) * (reduced.seconds + cold * reduced.coldExtraSeconds)
  );
}

/** A period that is on time. `servers` counts those that are paid for. */
export function timelyUtility(model: CapacityModel, rate: number, dimmer: number, servers: number): number {
  const { fullRevenue, reducedRevenue, serverSaving } = model.objective;
  const income = rate * (dimmer * fullRevenue + (1 - dimmer) * reducedRevenue);
  return dimmer >= 1 ? income + serverSaving * (model.maxServers - servers) : income;
}

export function lateUtility(model: CapacityModel, rate: number): number {
  const { fullRevenue, carriedPerServer } = model.objective;
  return fullRevenue * Math.min(0, rate - model.maxServers * carriedPerServer);
}
