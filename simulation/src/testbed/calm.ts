import { createTestbed } from '@charter/app-testbed/model';
import { reading } from './analyst.ts';
import { charterLoop, type Told } from './charter-loop.ts';
import { idsFrom } from './ids.ts';
import type { Knowledge } from './knowledge.ts';
import { scrape } from './scraped-testbed.ts';
import { type RuleTiming, thresholdRules } from './threshold-rules.ts';
import { stepSeconds } from './trial.ts';

/** What was done on a system without a fault. */
export interface CalmRun {
  readonly seed: number;
  readonly hours: number;
  /** Components that incidents were opened for, one each. */
  readonly incidents: readonly string[];
  /** Actions by who took them. The rules only say what they would do, so that one system serves all. */
  readonly actions: Readonly<Record<string, number>>;
  readonly told: readonly Told[];
}

/** One run is at most a day, from midnight: no hour is compressed. */
const longestHours = 24;

/** Cuts hours into runs with seeds of their own. */
export const calmRuns = (hours: number, seed: number): { seed: number; hours: number }[] =>
  Array.from({ length: Math.ceil(hours / longestHours) }, (_, index) => ({
    seed: seed + index,
    hours: Math.min(longestHours, hours - index * longestHours),
  }));

export async function runCalm(
  { seed, hours }: { readonly seed: number; readonly hours: number },
  knowledge: Knowledge,
  timings: Readonly<Record<string, RuleTiming>>,
): Promise<CalmRun> {
  const testbed = createTestbed({ seed, startOfDaySeconds: 0, stepSeconds });
  const scraped = scrape(testbed, { keepSeconds: reading.windowSeconds });
  const told: Told[] = [];
  const actions: Record<string, number> = { charter: 0 };
  const count = (name: string, more: number): void => {
    actions[name] = (actions[name] ?? 0) + more;
  };
  const loop = charterLoop({
    ...{ testbed, scraped, knowledge, newId: idsFrom(seed), phase: seed % 5, tell: (one) => void told.push(one) },
    onActuated: () => count('charter', 1),
  });
  const rules = Object.entries(timings).map(([name, timing]) => ({ name, own: thresholdRules(scraped, timing) }));
  for (let left = hours * 3_600; left > 0; left -= 1) {
    const second = scraped.tick();
    await loop.live(second);
    for (const { name, own } of rules) count(name, own.watch(second, testbed.state).length);
  }
  return { seed, hours, incidents: loop.monitor.opened().map(({ component }) => component), actions, told };
}
