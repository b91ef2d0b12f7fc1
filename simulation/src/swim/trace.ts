import { readFile } from 'node:fs/promises';
import { createRandom } from './random.ts';
import type { SwimSettings } from './settings.ts';

/** When requests arrive, in seconds from the start. */
export type Arrivals = Float64Array;

/** A file that is no trace, with the line that shows it. */
export class TraceError extends Error {}

/** Inter-arrival seconds, one a line; empty lines do not count. */
export function parseTrace(text: string, name: string): Arrivals {
  const lines = text.split('\n');
  const arrivals: number[] = [];
  let at = 0;
  for (const [index, line] of lines.entries()) {
    const trimmed = line.trim();
    if (trimmed === '') continue;
    const seconds = Number(trimmed);
    if (!Number.isFinite(seconds) || seconds < 0) {
      throw new TraceError(
        `${name}:${String(index + 1)}: ${JSON.stringify(trimmed.slice(0, 60))} is not a number of seconds of at least 0`,
      );
    }
    at += seconds;
    arrivals.push(at);
  }
  if (arrivals.length < 2) throw new TraceError(`${name}: there are no inter-arrival times in it`);
  return Float64Array.from(arrivals);
}

export async function readTrace(file: string): Promise<Arrivals> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new TraceError(`${file} cannot be read (${cause.code ?? cause.message})`, { cause });
  });
  return parseTrace(text, file);
}

export interface TraceShape {
  readonly seconds: number;
  /** Mean requests a second over the whole trace. */
  readonly meanRate: number;
  /** Highest rate the hump, the bursts and the flash crowd may reach together. */
  readonly maxRate: number;
}

/**
 * A synthetic hour and three quarters of a web site, decided by its seed: the flank of a daily hump that rises three- to
 * sixfold and falls again; slow wandering; short bursts; a flash crowd in half of the traces; and arrivals between
 * evenly spaced and Poisson, since recorded traces that were scaled are smoother than Poisson.
 */
export function syntheticTrace(seed: number, { seconds, meanRate, maxRate }: TraceShape): Arrivals {
  const random = createRandom(seed * 7_919 + 17);
  const between = (low: number, high: number): number => low + (high - low) * random.uniform();

  const peak = between(0.45, 0.85) * seconds;
  const rise = between(0.28, 0.42) * seconds;
  const fall = between(0.2, 0.4) * seconds;
  const height = between(2, 5);
  const bursts = Array.from({ length: 3 + Math.floor(random.uniform() * 4) }, () => ({
    at: between(0.05, 0.95) * seconds,
    width: between(40, 150),
    height: between(0.08, 0.3),
  }));
  const crowd =
    random.uniform() < 0.5
      ? { at: between(0.2, 0.9) * seconds, climb: between(45, 150), fade: between(200, 600), height: between(0.3, 0.8) }
      : null;
  const evenness = between(0, 1);

  const steps = Math.ceil(seconds / 5) + 1;
  const rates = new Float64Array(steps);
  let wander = 0;
  let sum = 0;
  for (let n = 0; n < steps; n += 1) {
    const at = n * 5;
    wander = 0.985 * wander + 0.012 * random.normal();
    const hump = Math.exp(-0.5 * ((at - peak) / (at < peak ? rise : fall)) ** 2);
    let rate = (1 + height * hump) * Math.exp(wander);
    for (const burst of bursts) rate *= 1 + burst.height * Math.exp(-0.5 * ((at - burst.at) / burst.width) ** 2);
    if (crowd && at > crowd.at) {
      const since = at - crowd.at;
      rate *=
        1 + crowd.height * Math.min(1, since / crowd.climb) * Math.exp(-Math.max(0, since - crowd.climb) / crowd.fade);
    }
    rates[n] = rate;
    sum += rate;
  }
  const scale = (meanRate * steps) / sum;
  for (let n = 0; n < steps; n += 1) rates[n] = Math.min(maxRate, (rates[n] ?? 0) * scale);

  const arrivals: number[] = [];
  let at = 0;
  while (at < seconds) {
    const gap = evenness + (1 - evenness) * -Math.log(1 - random.uniform());
    const jitter = 1 + 0.07 * random.normal();
    at += (gap * Math.max(0.2, jitter)) / (rates[Math.min(steps - 1, Math.floor(at / 5))] ?? 1);
    arrivals.push(at);
  }
  return Float64Array.from(arrivals);
}

/** Requests a second that each server of the pool gets on average, and at the worst moment, in traces that are made up. */
const madeUp = { meanPerServer: 7.5, mostPerServer: 23.3 };

/** The synthetic trace of a seed, for a pool of this size and an experiment of this length. */
export const traceFor = (seed: number, { until, maxServers }: SwimSettings): Arrivals =>
  syntheticTrace(seed, {
    seconds: until,
    meanRate: madeUp.meanPerServer * maxServers,
    maxRate: madeUp.mostPerServer * maxServers,
  });
