import type { BenchRow } from './bench-row.ts';
import { autonomyRows } from './learning-autonomy-rows.ts';
import { simulateCoverage } from './learning-coverage.ts';
import { simulateLadder } from './learning-ladder.ts';
import { evaluateLetter } from './learning-letter.ts';
import { simulatePlanned } from './learning-planned.ts';
import { measureRecall, measureRetrieval } from './learning-retrieval.ts';
import { simulateSelection } from './learning-selection.ts';
import { playSituations } from './learning-situations.ts';
import { dataOf, mean, row, spread } from './learning-table.ts';

const seeds = Array.from({ length: 10 }, (_, index) => index + 1);

/**
 * What learning is worth: selection and ladder on the testbed's faults beside the runbook, off-policy estimates beside plain
 * weighting, earned autonomy beside an oracle. `--quick` plays small forms of the same.
 */
export async function run(args: readonly string[] = []): Promise<BenchRow[]> {
  const quick = args.includes('--quick');
  const situations = playSituations(1);
  return [
    ...selectionRows(situations, quick ? seeds.slice(0, 2) : seeds),
    ...plannedRows(situations, quick ? seeds.slice(0, 1) : seeds.slice(0, 3)),
    ...ladderRows(situations, quick ? seeds.slice(0, 2) : seeds),
    ...coverageRows(),
    ...letterRows(quick ? 3 : 20),
    ...retrievalRows(),
    ...recallRows(situations),
    ...autonomyRows(quick ? 1_000 : 10_000),
  ];
}

type Situations = ReturnType<typeof playSituations>;

function selectionRows(situations: Situations, some: readonly number[]): BenchRow[] {
  const runsWith = (prior: boolean) =>
    some.map((seed) => simulateSelection(situations, { incidents: 1_500, afterChange: 300, seed, prior }));
  const learned = runsWith(true);
  const cold = runsWith(false);
  const regret = (runs: typeof learned, incidents: number) =>
    runs.map((one) => one.regretAt(incidents).learned / one.regretAt(incidents).runbook);
  const runbookRegret = (incidents: number): number => mean(learned.map((one) => one.regretAt(incidents).runbook));
  const rows = [300, 1_500].flatMap((incidents) =>
    (
      [
        ['', learned],
        [', nothing known at first', cold],
      ] as const
    ).map(([how, runs]) =>
      row({
        name: `selection: regret per incident over ${String(incidents)} incidents${how}, ${spread(regret(runs, incidents))}`,
        value: mean(runs.map((one) => one.regretAt(incidents).learned)),
        unit: 'reward',
        better: 'lower',
        reference: ['runbook', runbookRegret(incidents)],
        ...(how === '' ? { target: `<= ${incidents === 300 ? '0.8' : '0.5'} of the runbook` } : {}),
      }),
    ),
  );
  const recovered = learned.map(({ recoveredAfter }) => recoveredAfter ?? 300);
  return [
    ...rows,
    row({
      name: `selection: least share of the runbook's reward on the way, worst of ${String(some.length)} seeds`,
      value: Math.min(...learned.map(({ lowestShare }) => lowestShare)),
      unit: 'ratio',
      better: 'higher',
      reference: ['runbook', 1],
      target: '>= 0.9',
    }),
    row({
      name: `selection: incidents until it recovered after an action stopped working, ${spread(recovered)}`,
      value: mean(recovered),
      unit: 'incidents',
      better: 'lower',
      reference: ['allowed', 50],
      target: '<= 50',
    }),
  ];
}

/**
 * The same, as plan and knowledge carry it out: the planner's ranking, its draws, Knowledge's posteriors. Once with incidents
 * that go on to the next remedy as the loop does, once with a single remedy each.
 */
function plannedRows(situations: Situations, some: readonly number[]): BenchRow[] {
  return [3, 1].flatMap((tries) => {
    const runs = some.map((seed) => simulatePlanned(situations, { incidents: 1_500, afterChange: 300, seed, tries }));
    const of = `mean of ${String(some.length)} seeds, ${tries === 1 ? 'one remedy' : `up to ${String(tries)} remedies`} an incident`;
    const recovered = runs.map(({ recoveredAfter }) => recoveredAfter ?? 300);
    return [
      ...[300, 1_500].map((incidents) =>
        row({
          name: `selection in the planner: regret per incident over ${String(incidents)} incidents, ${of}`,
          value: mean(runs.map((one) => one.regretAt(incidents).learned)),
          unit: 'reward',
          better: 'lower',
          reference: ['runbook', mean(runs.map((one) => one.regretAt(incidents).runbook))],
          target: `<= ${incidents === 300 ? '0.8' : '0.5'} of the runbook`,
        }),
      ),
      row({
        name: `selection in the planner: least share of the runbook's reward on the way, ${of.replace('mean', 'worst')}`,
        value: Math.min(...runs.map(({ lowestShare }) => lowestShare)),
        unit: 'ratio',
        better: 'higher',
        reference: ['runbook', 1],
        target: '>= 0.9',
      }),
      row({
        name: `selection in the planner: incidents until it recovered after an action stopped working, ${of} (${recovered.join(', ')})`,
        value: mean(recovered),
        unit: 'incidents',
        better: 'lower',
        reference: ['allowed', 50],
        target: '<= 50',
      }),
    ];
  });
}

function ladderRows(situations: Situations, some: readonly number[]): BenchRow[] {
  const runs = some.map((seed) => simulateLadder(situations, 1_000, seed));
  const ladder = mean(runs.map((one) => one.ladder));
  const value = { unit: 's', better: 'lower', reference: ['ladder', ladder] } as const;
  return [
    row({
      name: `ladder: time to recover over 1,000 incidents, ${spread(runs.map((one) => one.learned / one.ladder))}`,
      value: mean(runs.map((one) => one.learned)),
      ...value,
      target: '< the ladder',
    }),
    row({ name: 'ladder: time to recover, last 500', value: mean(runs.map((one) => one.learnedLate)), ...value }),
    row({ name: 'ladder: time to recover, oracle', value: mean(runs.map((one) => one.oracle)), ...value }),
  ];
}

function coverageRows(): BenchRow[] {
  const { shrunk, ips, shrunkWidth, ipsWidth, logs } = simulateCoverage(200, 1);
  const of = `of ${String(logs)} simulated logs`;
  return [
    row({
      name: `off-policy: 90 % intervals that hold the true value ${of}, shrunk doubly robust`,
      value: shrunk,
      unit: 'ratio',
      better: 'higher',
      reference: ['IPS', ips],
      target: '0.85 to 0.95',
    }),
    row({
      name: `off-policy: width of the 90 % interval ${of}, shrunk doubly robust`,
      value: shrunkWidth,
      unit: 'reward',
      better: 'lower',
      reference: ['IPS', ipsWidth],
    }),
  ];
}

function letterRows(logs: number): BenchRow[] {
  const csv = dataOf('bandit/letter.csv');
  if (csv === null) return [];
  const { errors, bias, truth, rows } = evaluateLetter(csv, logs, 1);
  const set = `Letter as bandit (${String(rows)} choices, true value ${truth.toFixed(3)})`;
  return [
    row({
      name: `off-policy: relative error on ${set}, shrunk doubly robust, mean of ${String(logs)} logs`,
      value: errors.shrunk,
      unit: 'ratio',
      better: 'lower',
      reference: ['IPS', errors.ips],
      target: '<= 0.03',
    }),
    row({
      name: `off-policy: relative error on ${set}, doubly robust`,
      value: errors.dr,
      unit: 'ratio',
      better: 'lower',
      reference: ['IPS', errors.ips],
    }),
    row({
      name: `off-policy: relative bias on ${set}, shrunk doubly robust`,
      value: bias.shrunk,
      unit: 'ratio',
      better: 'lower',
      reference: ['IPS', bias.ips],
    }),
  ];
}

function retrievalRows(): BenchRow[] {
  const [docs, queries] = [dataOf('runbooks/docs.jsonl'), dataOf('runbooks/queries.jsonl')];
  if (docs === null || queries === null) return [];
  const { hybrid, words, vectors, millisecondsPerQuestion, ...counts } = measureRetrieval(docs, queries);
  const set = `${String(counts.questions)} alerts over ${String(counts.documents)} runbooks`;
  const gain = { unit: 'nDCG@10', better: 'higher', value: hybrid } as const;
  return [
    row({
      name: `retrieval: words and vectors, ${set}`,
      ...gain,
      reference: ['words alone', words],
      target: '>= 0.94',
    }),
    row({ name: `retrieval: words and vectors, ${set}`, ...gain, reference: ['vectors alone', vectors] }),
    row({
      name: 'retrieval: time per question',
      value: millisecondsPerQuestion,
      unit: 'ms',
      better: 'lower',
      reference: ['allowed', 50],
    }),
  ];
}

function recallRows(situations: Situations): BenchRow[] {
  const { hybrid, words, vectors } = measureRecall(situations, 300, 1);
  const recall = {
    name: 'retrieval: recall@5 of incidents with the same cause, 300 faults of the testbed',
    unit: 'ratio',
  } as const;
  return [
    row({ ...recall, value: hybrid, better: 'higher', reference: ['words alone', words], target: '>= 0.9' }),
    row({ ...recall, value: hybrid, better: 'higher', reference: ['vectors alone', vectors] }),
  ];
}
