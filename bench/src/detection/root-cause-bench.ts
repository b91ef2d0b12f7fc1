import {
  type CalibrationSample,
  calibratedConfidence,
  fitCalibration,
  type RootCauseAnswer,
  type RootCauseTuning,
  rankRootCauses,
  rootCauseTuning,
} from '@charter/detection';
import type { BenchRow } from '../bench-row.ts';
import { rankByWindowMedian } from './baselines.ts';
import { calibrationMeasures } from './calibration-measures.ts';
import { type CaseEntry, type createCaseReader, setOf } from './cases.ts';
import { meanOf, row } from './rows.ts';

interface Judged {
  readonly entry: CaseEntry;
  readonly truth: string;
  readonly observable: boolean;
  readonly answer: RootCauseAnswer;
  readonly rank: number;
  readonly baselineRank: number;
  readonly milliseconds: number;
}

type Reader = ReturnType<typeof createCaseReader>;

/** Ranks every case; those without truth are left out of the measures. */
export function judgeCases(reader: Reader, entries: readonly CaseEntry[]): Judged[] {
  return entries.flatMap((entry) => {
    const truth = entry.root_cause_service;
    if (truth === undefined) return [];
    const input = reader.load(entry);
    const started = performance.now();
    const answer = rankRootCauses(input);
    const milliseconds = performance.now() - started;
    const rank = answer.rootCauses.findIndex((one) => one.component === truth);
    const baselineRank = rankByWindowMedian(reader.load(entry, { traces: false })).indexOf(truth);
    const observable = entry.observable_in?.[0] === 'metrics';
    return [{ entry, truth, observable, answer, rank, baselineRank, milliseconds }];
  });
}

/** Share of cases whose culprit is among the first k. */
const within = (ranks: readonly number[], k: number): number =>
  meanOf(ranks.map((rank) => (rank >= 0 && rank < k ? 1 : 0)));
const avg5 = (ranks: readonly number[]): number => meanOf([1, 2, 3, 4, 5].map((k) => within(ranks, k)));

export function rootCauseRows(judged: readonly Judged[]): BenchRow[] {
  const groups: [string, readonly Judged[], string | undefined, string | undefined][] = [
    ['metric-observable faults of all systems', judged.filter((one) => one.observable), '0.88', '0.94'],
    ['all faults', judged, undefined, undefined],
  ];
  for (const set of [...new Set(judged.map((one) => setOf(one.entry)))].sort()) {
    groups.push([
      set,
      judged.filter((one) => setOf(one.entry) === set),
      set === 'nezha-tt' ? '0.87' : undefined,
      undefined,
    ]);
  }
  return groups.flatMap(([name, members, target1, target5]) => {
    if (members.length === 0) return [];
    const ours = members.map((one) => one.rank);
    const theirs = members.map((one) => one.baselineRank);
    const label = `root cause, ${name} (${String(members.length)})`;
    const reference = (value: number) => ({ name: 'robust z of window median', value });
    return [
      row(
        `${label} AC@1`,
        within(ours, 1),
        reference(within(theirs, 1)),
        target1 === undefined ? {} : { target: target1 },
      ),
      row(`${label} AC@3`, within(ours, 3), reference(within(theirs, 3))),
      row(`${label} Avg@5`, avg5(ours), reference(avg5(theirs)), target5 === undefined ? {} : { target: target5 }),
    ];
  });
}

/** Confidence of the first-ranked component against whether it was right, as shipped and refitted without the system. */
export function calibrationRows(judged: readonly Judged[]): BenchRow[] {
  const samples = judged.map((one) => {
    const [first, second] = one.answer.rootCauses;
    const sample: CalibrationSample = {
      score: first?.score ?? 0,
      lead: (first?.score ?? 0) - (second?.score ?? 0),
      correct: one.rank === 0,
    };
    return { set: setOf(one.entry), sample, shipped: one.answer.confidence };
  });
  const refitted = samples.map(({ set, sample }) => {
    const model = fitCalibration(samples.filter((other) => other.set !== set).map((other) => other.sample));
    return {
      set,
      correct: sample.correct,
      confidence: calibratedConfidence([sample.score, sample.score - sample.lead], model)[0] ?? 0,
    };
  });
  const shipped = calibrationMeasures(
    samples.map(({ set, sample, shipped: confidence }) => ({ set, correct: sample.correct, confidence })),
  );
  const left = calibrationMeasures(refitted);
  return [
    row(
      'confidence ECE, 10 bins',
      shipped.ece,
      { name: 'fitted without the system', value: left.ece },
      { better: 'lower', target: '0.05' },
    ),
    row(
      'confidence Brier',
      shipped.brier,
      { name: 'fitted without the system', value: left.brier },
      { better: 'lower' },
    ),
    row(
      'confidence within-system AUROC',
      shipped.auroc,
      { name: 'fitted without the system', value: left.auroc },
      { target: '0.75' },
    ),
  ];
}

/** Tuning that leaves a system out is chosen among variations of each number by the other systems alone. */
export function leaveOneOutRows(reader: Reader, entries: readonly CaseEntry[]): BenchRow[] {
  const loaded = entries.flatMap((entry) =>
    entry.root_cause_service ? [{ entry, truth: entry.root_cause_service, input: reader.load(entry) }] : [],
  );
  const ranksUnder = variations().map((tuning) =>
    loaded.map(({ truth, input }) =>
      rankRootCauses(input, { tuning }).rootCauses.findIndex((one) => one.component === truth),
    ),
  );
  const measured = (observableOnly: boolean) => {
    const keep = (i: number): boolean => !observableOnly || loaded[i]?.entry.observable_in?.[0] === 'metrics';
    const left: number[] = [];
    const systems = loaded.map(({ entry }) => setOf(entry));
    for (const set of new Set(systems)) {
      const others = (ranks: readonly number[]) => ranks.filter((_, i) => systems[i] !== set && keep(i));
      const quality = ranksUnder.map((ranks) => within(others(ranks), 1) + avg5(others(ranks)));
      const chosen = ranksUnder[quality.indexOf(Math.max(...quality))] ?? [];
      left.push(...chosen.filter((_, i) => systems[i] === set && keep(i)));
    }
    const fitted = (ranksUnder[0] ?? []).filter((_, i) => keep(i));
    return { left, fitted };
  };
  return [true, false].flatMap((observableOnly) => {
    const { left, fitted } = measured(observableOnly);
    const label = observableOnly ? 'metric-observable' : 'all';
    return [
      row(
        `root cause, leave one system out, ${label} AC@1`,
        within(left, 1),
        { name: 'fitted on all', value: within(fitted, 1) },
        { target: 'within 0.05' },
      ),
      row(
        `root cause, leave one system out, ${label} Avg@5`,
        avg5(left),
        { name: 'fitted on all', value: avg5(fitted) },
        { target: 'within 0.05' },
      ),
    ];
  });
}

/** The shipped tuning first, then each number halved and doubled. */
function variations(): Partial<RootCauseTuning>[] {
  const names = [
    'rangeFloor',
    'failureFloor',
    'fewSamples',
    'staleFactor',
    'excursions',
    'clientFactor',
    'inferredFactor',
    'otherSymptomFactor',
    'explainedWeight',
    'gapWeight',
    'mixWeight',
    'eventGain',
  ] as const;
  const changed = names.flatMap((name) => [0.5, 2].map((factor) => ({ [name]: rootCauseTuning[name] * factor })));
  return [{}, ...changed.filter((tuning) => (tuning.explainedWeight ?? 0) <= 1)];
}

/** What each part of the fused score is worth: the ranking without it. */
export function ablationRows(reader: Reader, entries: readonly CaseEntry[]): BenchRow[] {
  const loaded = entries.flatMap((entry) =>
    entry.root_cause_service ? [{ truth: entry.root_cause_service, input: reader.load(entry) }] : [],
  );
  const score = (tuning: Partial<RootCauseTuning>): number =>
    within(
      loaded.map(({ truth, input }) =>
        rankRootCauses(input, { tuning }).rootCauses.findIndex((one) => one.component === truth),
      ),
      1,
    );
  const whole = score({});
  const parts: [string, Partial<RootCauseTuning>][] = [
    ['explained by callees', { explainedWeight: 0 }],
    ['edge gap', { gapWeight: 0 }],
    ['event mix', { mixWeight: 0 }],
    ['reachability', { unreachableFactor: 1 }],
    ['kind of symptom', { otherSymptomFactor: 1 }],
    ['inferred nodes', { inferredFactor: 1 }],
    ['widened stale scales', { staleFactor: 1 }],
    ['excursions in the scale', { excursions: 1e9 }],
    ['row before the detection', { guardSteps: 0 }],
  ];
  return parts.map(([name, tuning]) =>
    row(`ablation: root cause AC@1 without ${name}`, score(tuning), { name: 'with everything', value: whole }),
  );
}
