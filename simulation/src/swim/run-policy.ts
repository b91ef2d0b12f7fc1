import type { PolicyContext, PolicyMaker, Seen } from './policies/policy.ts';
import { isLate, type Period, utilityOf } from './utility.ts';
import { type Stretch, WebSystem } from './web-system.ts';

/** Looks at the system this often within a period. */
const samplesPerPeriod = 4;

export interface PolicyRun {
  readonly utility: number;
  readonly latePeriods: number;
  readonly periods: number;
  /** Servers added and removed, and dimmer settings, within the scored time. */
  readonly actions: number;
}

/** One policy on one trace with one seed, from start to end. */
export function runPolicy(make: PolicyMaker, context: PolicyContext, seed: number): PolicyRun {
  const { settings, arrivals } = context;
  const system = new WebSystem(settings, seed);
  const policy = make(context);
  const sampleSeconds = settings.period / samplesPerPeriod;
  let next = 0;
  let utility = 0;
  let latePeriods = 0;
  let periods = 0;
  let actions = 0;
  for (let start = 0; start + settings.period <= settings.until; start += settings.period) {
    const parts: Stretch[] = [];
    for (let n = 1; n <= samplesPerPeriod; n += 1) {
      next = system.run(arrivals, next, start + n * sampleSeconds);
      parts.push(system.take());
    }
    const seen = seenFrom(parts, system);
    if (start >= settings.scoreFrom) {
      const period = periodFrom(parts, seen);
      utility += utilityOf(context.utility, period, settings);
      latePeriods += isLate(period, settings) ? 1 : 0;
      periods += 1;
    }
    const decision = policy(seen);
    if (seen.time < settings.adaptFrom || seen.time >= settings.until) continue;
    const isScored = seen.time >= settings.scoreFrom;
    if (decision.dimmer !== system.dimmer) {
      system.setDimmer(decision.dimmer);
      if (isScored) actions += 1;
    }
    if (decision.change === 'none') continue;
    const refused = decision.change === 'add' ? system.addServer() : system.removeServer();
    if (refused !== null)
      throw new Error(`At ${String(seen.time)} s the policy wants to ${decision.change}: ${refused}`);
    if (isScored) actions += 1;
  }
  return { utility, latePeriods, periods, actions };
}

const sum = (parts: readonly Stretch[], of: (part: Stretch) => number): number =>
  parts.reduce((total, part) => total + of(part), 0);

function seenFrom(parts: readonly Stretch[], system: WebSystem): Seen {
  const { period } = system.settings;
  const left = sum(parts, ({ optional, basic }) => optional + basic);
  const waited = sum(parts, ({ optionalSeconds, basicSeconds }) => optionalSeconds + basicSeconds);
  return {
    time: system.now,
    rate: sum(parts, ({ arrivals }) => arrivals) / period,
    samples: parts.map(({ arrivals, seconds }) => arrivals / seconds),
    departures: left / period,
    response: left === 0 ? 0 : waited / left,
    utilization: Array.from(
      { length: system.activeServers },
      (_, n) => sum(parts, ({ utilization, seconds }) => (utilization[n] ?? 0) * seconds) / period,
    ),
    activeServers: system.activeServers,
    servers: system.servers,
    bootRemaining: system.isBooting ? system.bootRemaining : null,
    dimmer: system.dimmer,
  };
}

function periodFrom(parts: readonly Stretch[], { rate, response }: Seen): Period {
  const mean = (of: (part: Stretch) => number): number => sum(parts, of) / parts.length;
  return {
    arrivalRate: rate,
    meanDimmer: mean(({ meanDimmer }) => meanDimmer),
    meanServers: mean(({ meanServers }) => meanServers),
    response,
  };
}
