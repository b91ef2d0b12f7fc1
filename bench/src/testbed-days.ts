import { createTestbed } from '@charter/app-testbed/model';
import { prometheusOf } from './testbed-prometheus.ts';
import { roundsOn } from './testbed-rounds.ts';

/** What was raised on a system without a fault. */
export interface CalmRun {
  readonly seed: number;
  readonly seconds: number;
  /** Components that incidents were opened for, one each. */
  readonly incidents: readonly string[];
}

/** Runs a system without faults from midnight, at full length: no hour is compressed. */
export function runCalm(seed: number, seconds: number): CalmRun {
  const prometheus = prometheusOf(createTestbed({ seed, startOfDaySeconds: 0 }), 0);
  const rounds = roundsOn(prometheus, seed % 5);
  for (let second = 0; second < seconds; second += 1) rounds.watch(prometheus.tick());
  return { seed, seconds, incidents: rounds.opened().map(({ component }) => component) };
}
