import { createTestbed, restoreTestbed, type Testbed } from '@charter/app-testbed/model';
import type { Actuated } from './actuators.ts';
import { reading } from './analyst.ts';
import { charterLoop, type Told } from './charter-loop.ts';
import { type DrawnFault, numberOf } from './faults.ts';
import { type Judged, judgeAction, unhealthyIn } from './health.ts';
import { idsFrom } from './ids.ts';
import type { Knowledge } from './knowledge.ts';
import { type ScrapedTestbed, scrape } from './scraped-testbed.ts';
import { type RuleTiming, thresholdRules } from './threshold-rules.ts';

/** An action that was carried out, and what became of it. */
export interface Acted extends Actuated {
  /** Seconds after the strike. */
  readonly after: number;
  /** Null for the many that come after the first ones of a fault: judging takes two copies of the system. */
  readonly judged: Judged | null;
}

/** How one fault went under one way of dealing with it. */
export interface Passage {
  /** From the strike to the first component that missed an objective; null when none ever did. */
  readonly harmedAfter: number | null;
  /** From the strike until everything met its objectives and went on to for half a minute; null when not before the fault's end. */
  readonly recoveredAfter: number | null;
  /** Component-seconds outside the objectives while the fault would have lasted. */
  readonly badSeconds: number;
  readonly actions: readonly Acted[];
  /** How often the answer was to do nothing. */
  readonly nullPlans: number;
}

export interface Trial {
  readonly fault: DrawnFault;
  readonly passages: Readonly<Record<string, Passage>>;
  readonly told: readonly Told[];
}

/** Resolution of the testbed's model; twice a second is what its own signals need. */
export const stepSeconds = 0.5;
/** Recovered is who stays so for this long. */
const steadySeconds = 30;
/** So many actions of each way of dealing with a fault are judged. */
const mostJudged = 5;
/** Trials lie this far apart on the clock of the record, so that Knowledge does not take one for the relapse of another. */
const apartSeconds = 7_200;

/** One fault under Charter, under threshold rules, and left alone: the same system up to the first action. */
export async function runTrial(
  fault: DrawnFault,
  knowledge: Knowledge,
  timings: Readonly<Record<string, RuleTiming>>,
): Promise<Trial> {
  const testbed = createTestbed({ seed: fault.seed, startOfDaySeconds: fault.hourOfDay * 3_600, stepSeconds });
  const fromSecond = numberOf(fault.seed) * apartSeconds;
  const scraped = scrape(testbed, { keepSeconds: reading.windowSeconds + fault.durationSeconds, fromSecond });
  const told: Told[] = [];
  const acted: Acted[] = [];
  const struckAt = fromSecond + fault.healthySeconds;
  const loop = charterLoop({
    ...{ testbed, scraped, knowledge, newId: idsFrom(fault.seed), phase: fault.seed % 5 },
    tell: (one) => void told.push({ ...one, second: one.second - struckAt }),
    onActuated: (actuated, second) => note(acted, testbed, actuated, second - struckAt),
  });
  for (let second = 0; second < fault.healthySeconds; second += 1) await loop.live(scraped.tick());
  const early = acted.length;
  const { kind, component, intensity, durationSeconds } = fault;
  const struck = testbed.injectFault({ kind, component, intensity, durationSeconds });
  if ('refused' in struck) throw new Error(struck.detail);
  const world = testbed.save();
  const copy = (): { testbed: Testbed; scraped: ScrapedTestbed } => {
    const other = restoreTestbed(world);
    return { testbed: other, scraped: scraped.fork(other) };
  };
  const alone = copy();
  const passages: Record<string, Passage> = {
    'do nothing': await passageOf(alone.testbed, () => void alone.testbed.advance(1), fault, []),
  };
  for (const [name, timing] of Object.entries(timings)) {
    const own = copy();
    const actions: Acted[] = [];
    const rules = rulesOn(own.testbed, own.scraped, timing, (actuated, second) =>
      note(actions, own.testbed, actuated, second - struckAt),
    );
    passages[name] = await passageOf(own.testbed, () => rules(own.scraped.tick()), fault, actions);
  }
  const before = loop.planner.plans().length;
  const passage = await passageOf(testbed, () => loop.live(scraped.tick()), fault, acted);
  const nullPlans = loop.planner
    .plans()
    .slice(before)
    .filter(({ status }) => status === 'null-plan').length;
  const charter = { ...passage, nullPlans, actions: acted.slice(early) };
  return { fault, passages: { charter, ...passages }, told };
}

/** Lets the fault last, and notes how the system fares. */
async function passageOf(
  testbed: Testbed,
  live: () => Promise<void> | void,
  { durationSeconds }: DrawnFault,
  actions: readonly Acted[],
): Promise<Passage> {
  let harmedAfter: number | null = null;
  let steadyFrom: number | null = null;
  let recoveredAfter: number | null = null;
  let badSeconds = 0;
  for (let second = 1; second < durationSeconds; second += 1) {
    await live();
    const unhealthy = unhealthyIn(testbed);
    badSeconds += unhealthy;
    if (unhealthy > 0) {
      harmedAfter ??= second;
      steadyFrom = null;
    } else if (harmedAfter !== null) {
      steadyFrom ??= second;
      if (second - steadyFrom >= steadySeconds) recoveredAfter ??= steadyFrom;
    }
  }
  return { harmedAfter, recoveredAfter, badSeconds, actions, nullPlans: 0 };
}

/** Notes an action just before it is carried out. */
function note(acted: Acted[], testbed: Testbed, actuated: Actuated, after: number): void {
  const judged = acted.length < mostJudged ? judgeAction(testbed.save(), actuated) : null;
  acted.push({ ...actuated, after, judged });
}

/** Threshold rules with their hands on the testbed. */
function rulesOn(
  testbed: Testbed,
  scraped: ScrapedTestbed,
  timing: RuleTiming,
  onActuated: (actuated: Actuated, second: number) => void,
): (second: number) => void {
  const rules = thresholdRules(scraped, timing);
  return (second) => {
    for (const { component, order } of rules.watch(second, testbed.state)) {
      onActuated({ component, order }, second);
      testbed.actuate(component, order);
    }
  };
}
