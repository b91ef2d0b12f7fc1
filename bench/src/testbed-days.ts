import { createTestbed } from '@charter/app-testbed/model';
import { monitorOn } from '@charter/simulation/testbed/monitor';
import { scrape } from '@charter/simulation/testbed/scraped-testbed';

/** What was raised on a system without a fault. */
export interface CalmRun {
  readonly seed: number;
  readonly seconds: number;
  /** Components that incidents were opened for, one each. */
  readonly incidents: readonly string[];
}

/** Runs a system without faults from midnight, at full length: no hour is compressed. */
export function runCalm(seed: number, seconds: number): CalmRun {
  const scraped = scrape(createTestbed({ seed, startOfDaySeconds: 0 }), { keepSeconds: 0 });
  const monitor = monitorOn(scraped, { phase: seed % 5 });
  for (let second = 0; second < seconds; second += 1) monitor.watch(scraped.tick());
  return { seed, seconds, incidents: monitor.opened().map(({ component }) => component) };
}
