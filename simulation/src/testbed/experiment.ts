import { type CalmRun, calmRuns, runCalm } from './calm.ts';
import { type DrawnLengths, drawFaults, hasRemedy, seedOf } from './faults.ts';
import { createKnowledge } from './knowledge.ts';
import { hastyTiming, type RuleTiming, usualTiming } from './threshold-rules.ts';
import { type Passage, runTrial, type Trial } from './trial.ts';

export interface ExperimentOptions {
  readonly faults: number;
  readonly hours: number;
  readonly seed: number;
  readonly lengths?: DrawnLengths;
  /** Threshold rules to compare with, by name. */
  readonly timings?: Readonly<Record<string, RuleTiming>>;
  /** Told after every fault and every fault-free run. */
  readonly onTrial?: (trial: Trial) => void;
  readonly onCalm?: (run: CalmRun) => void;
}

/** Who deals with the faults, besides Charter. */
export const ruleTimings = { 'rules, for 30 s': usualTiming, 'rules, at once': hastyTiming };

/** How one way of dealing with faults did over a run. Times in seconds. */
export interface Score {
  readonly healer: string;
  /** Faults that have a remedy and drove something outside its objectives. */
  readonly faults: number;
  readonly recovered: number;
  /** A fault that nobody ended counts as long as it lasted. */
  readonly meanSeconds: number;
  readonly medianSeconds: number;
  readonly p95Seconds: number;
  /** Over the faults that this and Charter both ended: this one's mean over Charter's. */
  readonly slowerThanCharter: number | null;
  /** Component-seconds outside the objectives, a fault. */
  readonly badSeconds: number;
  readonly actionsPerFault: number;
  readonly actions: number;
  /** Of the judged ones: at most the first five of a fault. */
  readonly judged: number;
  readonly harmful: number;
  /** Actions on another component than the struck one. */
  readonly beside: number;
  readonly nullPlansPerFault: number;
  /** Faults without a remedy, and how many of them were left alone. */
  readonly hopeless: number;
  readonly leftAlone: number;
  /** In the fault-free hours; null when none were run. */
  readonly calmActions: number | null;
}

export interface ExperimentResult {
  readonly scores: readonly Score[];
  readonly trials: readonly Trial[];
  readonly calm: readonly CalmRun[];
  readonly simulatedHours: number;
  readonly hoursPerMinute: number;
}

/** The same faults and the same fault-free hours for everybody; Charter keeps what it learns from one fault to the next. */
export async function runExperiment({
  faults,
  hours,
  seed,
  lengths,
  timings = ruleTimings,
  onTrial,
  onCalm,
}: ExperimentOptions): Promise<ExperimentResult> {
  const started = performance.now();
  const knowledge = createKnowledge();
  const trials: Trial[] = [];
  for (const fault of drawFaults(faults, seed, lengths)) {
    const trial = await runTrial(fault, knowledge, timings);
    trials.push(trial);
    onTrial?.(trial);
  }
  const calm: CalmRun[] = [];
  for (const run of calmRuns(hours, seedOf(seed, 0))) {
    const done = await runCalm(run, knowledge, timings);
    calm.push(done);
    onCalm?.(done);
  }
  const healers = ['charter', ...Object.keys(timings), 'do nothing'];
  const ofTrials = trials.map(({ fault }) => fault.healthySeconds + healers.length * fault.durationSeconds);
  const simulatedHours = ofTrials.reduce((sum, seconds) => sum + seconds, 0) / 3_600 + hours;
  const minutes = (performance.now() - started) / 60_000;
  const scores = healers.map((healer) => scoreOf(healer, trials, calm));
  return { scores, trials, calm, simulatedHours, hoursPerMinute: simulatedHours / minutes };
}

/** How one way of dealing with faults did over some trials and fault-free runs. */
export function scoreOf(healer: string, trials: readonly Trial[], calm: readonly CalmRun[]): Score {
  const own = trials.flatMap(({ fault, passages }) => {
    const passage = passages[healer];
    const harmed = passages['do nothing']?.harmedAfter;
    return passage && harmed != null ? [{ fault, passage, charter: passages.charter }] : [];
  });
  const remediable = own.filter(({ fault }) => hasRemedy(fault));
  const hopeless = own.filter(({ fault }) => !hasRemedy(fault));
  const times = remediable.map(({ fault, passage }) => timeOf(passage, fault.durationSeconds)).sort((a, b) => a - b);
  const both = remediable.flatMap(({ passage, charter }) =>
    passage.recoveredAfter === null || charter?.recoveredAfter == null
      ? []
      : [[passage.recoveredAfter, charter.recoveredAfter] as const],
  );
  const actions = own.flatMap(({ fault, passage }) => passage.actions.map((action) => ({ action, fault })));
  return {
    healer,
    faults: remediable.length,
    recovered: remediable.filter(({ passage }) => passage.recoveredAfter !== null).length,
    meanSeconds: mean(times),
    medianSeconds: quantile(times, 0.5),
    p95Seconds: quantile(times, 0.95),
    slowerThanCharter: both.length === 0 ? null : mean(both.map(([mine]) => mine)) / mean(both.map(([, its]) => its)),
    badSeconds: mean(remediable.map(({ passage }) => passage.badSeconds)),
    actionsPerFault: actions.length / Math.max(1, own.length),
    actions: actions.length,
    judged: actions.filter(({ action }) => action.judged !== null).length,
    harmful: actions.filter(({ action }) => action.judged?.harmful === true).length,
    beside: actions.filter(({ action, fault }) => action.component !== fault.component).length,
    nullPlansPerFault: mean(own.map(({ passage }) => passage.nullPlans)),
    hopeless: hopeless.length,
    leftAlone: hopeless.filter(({ passage }) => passage.actions.length === 0).length,
    calmActions: calm.length === 0 ? null : calm.reduce((sum, run) => sum + (run.actions[healer] ?? 0), 0),
  };
}

/** What was healed before anything missed an objective took no time. */
const timeOf = ({ recoveredAfter, harmedAfter }: Passage, durationSeconds: number): number =>
  harmedAfter === null ? 0 : (recoveredAfter ?? durationSeconds);

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
