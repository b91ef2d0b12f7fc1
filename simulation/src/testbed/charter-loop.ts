import { prometheusSignals } from '@charter/app-execute/signals';
import type { Testbed } from '@charter/app-testbed/model';
import type { Analysis } from '@charter/shared/contracts';
import { type Actuated, actuatorsOf } from './actuators.ts';
import { analystOn } from './analyst.ts';
import { charterAt } from './charter.ts';
import { createExecutor } from './executor.ts';
import type { Knowledge } from './knowledge.ts';
import { type Monitor, monitorOn } from './monitor.ts';
import { createPlanner, type Planner } from './planner.ts';
import { instantAt, type ScrapedTestbed } from './scraped-testbed.ts';
import { stepGates } from './step-gates.ts';
import { createTargetLedger } from './target-ledger.ts';

/** One line of what the stages saw and did. */
export interface Told {
  readonly second: number;
  readonly stage: 'monitor' | 'analyze' | 'plan' | 'execute' | 'knowledge';
  readonly text: string;
}

export interface LoopOptions {
  readonly testbed: Testbed;
  readonly scraped: ScrapedTestbed;
  readonly knowledge: Knowledge;
  /** The second, of the five between two cycles, in which a cycle falls. */
  readonly phase: number;
  readonly newId: () => string;
  readonly onActuated: (actuated: Actuated, second: number) => void;
  readonly tell: (told: Told) => void;
}

/** All stages of the loop on one testbed, by the clock of its Prometheus. */
export interface CharterLoop {
  /** Lets the loop do what it does in a second that just passed. */
  live(second: number): Promise<void>;
  readonly monitor: Monitor;
  readonly planner: Planner;
}

export function charterLoop(options: LoopOptions): CharterLoop {
  const { testbed, scraped, knowledge, phase, newId, onActuated } = options;
  const found = new Map<string, string>();
  let now = 0;
  const tell = (stage: Told['stage'], text: string): void => options.tell({ second: now, stage, text });

  const monitor = monitorOn(scraped, { phase, newId });
  const analyst = analystOn(scraped, newId);
  const charter = charterAt(() => instantAt(now), newId);
  const violations = {
    find: async (print: string) => monitor.find(print),
    firingComponents: async () => monitor.firingComponents(),
  };
  const signals = prometheusSignals(scraped, violations);
  const onOutcome = (outcome: Parameters<Knowledge['learn']>[0]): void =>
    tell('knowledge', knowledge.learn(outcome, planner.openedAt(outcome.incidentId)));
  const executor = createExecutor({
    actuators: actuatorsOf(testbed, (actuated) => onActuated(actuated, now)),
    gates: stepGates({ charter, signals, monitor }),
    ledger: createTargetLedger(),
    ...{ signals, newId, onOutcome },
    tell: (_plan, text) => tell('execute', text),
  });
  const planner = createPlanner({
    charter,
    executor,
    knowledge,
    newId,
    onOutcome,
    tell: (_id, text) => tell('plan', text),
  });

  async function live(second: number): Promise<void> {
    now = second;
    await executor.work(second);
    await planner.goOn(second);
    const { changes, told } = monitor.watch(second);
    for (const { kind, violation, reason } of changes) {
      if (kind !== 'repeated')
        tell('monitor', `${violation.rule} of ${violation.component} ${reason} (${shown(violation.value)})`);
    }
    for (const violation of told) analyst.take(violation, second);
    for (const analysis of await analyst.look(second)) {
      if (isNews(analysis)) tell('analyze', analysisText(analysis));
      await planner.hear(analysis, second);
    }
  }

  /** A repeat of the same finding is a revision for the planner, but nothing new to tell a person. */
  function isNews({ incidentId, verdict, rootCauses, mergedInto, violations }: Analysis): boolean {
    const gist = [verdict, rootCauses[0]?.component, rootCauses[0]?.metric, mergedInto].join();
    const isNew = found.get(incidentId) !== gist && violations.some(({ state }) => state === 'firing');
    if (isNew) found.set(incidentId, gist);
    return isNew;
  }

  return { live, monitor, planner };
}

const shown = (value: number | null): string => (value === null ? 'no value' : value.toFixed(2));

function analysisText({ verdict, rootCauses, mergedInto }: Analysis): string {
  const [best] = rootCauses;
  if (verdict === 'undetermined' || !best) return 'undetermined';
  const part = mergedInto === null ? '' : `; part of incident ${mergedInto}`;
  const why = best.evidence[0]?.text ?? '';
  return `${best.metric} of ${best.component}, ${(best.confidence * 100).toFixed(0)} % sure${why ? `: ${why}` : ''}${part}`;
}
