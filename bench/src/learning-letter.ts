import {
  choleskyOf,
  createRandom,
  doublyRobust,
  inversePropensity,
  type LoggedChoice,
  shrunkDoublyRobust,
  solveWith,
} from '@charter/learning';

const classes = 26;
const loggingRows = 600;
const targetRows = 5_000;
/** Sharpness of the logging policy: the lower, the closer to chance. */
const sharpness = 6;
/** Share of choices that the evaluated policy leaves to chance. */
const exploration = 0.05;

interface Row {
  readonly label: number;
  readonly x: Float64Array;
  readonly plain: Float64Array;
}

export interface LetterResult {
  readonly rows: number;
  readonly truth: number;
  readonly logs: number;
  /** Mean relative error over all logs. */
  readonly errors: Readonly<Record<'ips' | 'dr' | 'shrunk', number>>;
  /** Relative error of the mean of all logs' estimates. */
  readonly bias: Readonly<Record<'ips' | 'dr' | 'shrunk', number>>;
  /** Share of logs whose 90 % interval of the shrunk estimate holds the truth. */
  readonly coverage: number;
}

/**
 * The Letter set turned bandit (Dudík et al. 2011): guess the letter, hear only whether the guess was right. A weak policy
 * logs, a better one is evaluated from the logs alone; its true value is known from the labels.
 */
export function evaluateLetter(csv: string, logs: number, seed: number): LetterResult {
  const rows = rowsFrom(csv, seed);
  const logging = ridgeClassifier(rows.slice(0, loggingRows), 'plain');
  const target = ridgeClassifier(rows.slice(loggingRows, loggingRows + targetRows), 'x');
  const logged = rows.slice(loggingRows + targetRows).map((row) => ({
    ...row,
    propensities: softmax(scoresOf(logging, row.plain), sharpness),
    chances: greedy(scoresOf(target, row.x)),
  }));
  const truth = mean(logged.map(({ label, chances }) => chances[label] ?? 0));
  const random = createRandom(seed + 1);
  const estimates = { ips: [] as number[], dr: [] as number[], shrunk: [] as number[] };
  let covered = 0;
  for (let log = 0; log < logs; log++) {
    const choices = logged.map((row) => {
      const arm = draw(row.propensities, random.uniform());
      return { ...row, arm, reward: arm === row.label ? 1 : 0 };
    });
    const halves = [0, 1].map((half) => rewardModel(choices.filter((_, index) => index % 2 === half)));
    const entries = choices.map((choice, index): LoggedChoice => {
      const model = halves[1 - (index % 2)];
      const modelled = model ? scoresOf(model, choice.plain).map((value) => Math.min(1, Math.max(0, value))) : [];
      return {
        reward: choice.reward,
        propensity: choice.propensities[choice.arm] ?? 1,
        chance: choice.chances[choice.arm] ?? 0,
        modelled: modelled[choice.arm] ?? 0,
        expected: choice.chances.reduce((sum, chance, arm) => sum + chance * (modelled[arm] ?? 0), 0),
      };
    });
    estimates.ips.push(inversePropensity(entries).value);
    estimates.dr.push(doublyRobust(entries).value);
    const shrunk = shrunkDoublyRobust(entries);
    estimates.shrunk.push(shrunk.value);
    if (shrunk.lower <= truth && truth <= shrunk.upper) covered += 1;
  }
  const errorOf = (values: readonly number[]): number => mean(values.map((value) => Math.abs(value - truth) / truth));
  const biasOf = (values: readonly number[]): number => Math.abs(mean(values) - truth) / truth;
  const over = (of: (values: readonly number[]) => number) => ({
    ips: of(estimates.ips),
    dr: of(estimates.dr),
    shrunk: of(estimates.shrunk),
  });
  return { rows: logged.length, truth, logs, errors: over(errorOf), bias: over(biasOf), coverage: covered / logs };
}

function rowsFrom(csv: string, seed: number): Row[] {
  const random = createRandom(seed);
  const lines = csv.trim().split('\n').slice(1);
  return lines
    .map((line) => ({ line, place: random.uniform() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ line }) => {
      const [letter = 'A', ...numbers] = line.trim().split(',');
      const raw = numbers.map((value) => (Number(value) - 7.5) / 4);
      const products = raw.flatMap((a, i) => raw.slice(i).map((b) => a * b));
      const squares = raw.map((value) => value * value);
      return {
        label: letter.charCodeAt(0) - 65,
        x: Float64Array.from([1, ...raw, ...products]),
        plain: Float64Array.from([1, ...raw, ...squares]),
      };
    });
}

type Weights = readonly Float64Array[];

/** One ridge regression per class on its indicator; all share one factor. */
function ridgeClassifier(rows: readonly Row[], features: 'x' | 'plain'): Weights {
  const xs = rows.map((row) => row[features]);
  const factor = gramFactor(xs);
  return Array.from({ length: classes }, (_, label) =>
    solveWith(
      factor,
      momentOf(xs, (index) => (rows[index]?.label === label ? 1 : 0)),
      xs[0]?.length ?? 0,
    ),
  );
}

/** Expected reward of each class as a ridge regression on the rows in which it was chosen. */
function rewardModel(choices: ReadonlyArray<Row & { readonly arm: number; readonly reward: number }>): Weights {
  return Array.from({ length: classes }, (_, arm) => {
    const chosen = choices.filter((choice) => choice.arm === arm);
    const xs = chosen.map(({ plain }) => plain);
    const width = choices[0]?.plain.length ?? 0;
    if (xs.length === 0) return new Float64Array(width);
    return solveWith(
      gramFactor(xs),
      momentOf(xs, (index) => chosen[index]?.reward ?? 0),
      width,
    );
  });
}

function gramFactor(xs: readonly Float64Array[]): Float64Array {
  const width = xs[0]?.length ?? 0;
  const gram = new Float64Array(width * width);
  for (let i = 0; i < width; i++) gram[i * width + i] = 1;
  for (const x of xs) {
    for (let i = 0; i < width; i++) {
      const xi = x[i] ?? 0;
      for (let j = 0; j <= i; j++) gram[i * width + j] = (gram[i * width + j] ?? 0) + xi * (x[j] ?? 0);
    }
  }
  return choleskyOf(gram, width);
}

function momentOf(xs: readonly Float64Array[], rewardAt: (index: number) => number): Float64Array {
  const moment = new Float64Array(xs[0]?.length ?? 0);
  for (const [index, x] of xs.entries()) {
    const value = rewardAt(index);
    if (value !== 0) for (let i = 0; i < moment.length; i++) moment[i] = (moment[i] ?? 0) + value * (x[i] ?? 0);
  }
  return moment;
}

const scoresOf = (weights: Weights, x: Float64Array): number[] =>
  weights.map((weight) => weight.reduce((sum, value, index) => sum + value * (x[index] ?? 0), 0));

function softmax(scores: readonly number[], scale: number): number[] {
  const highest = Math.max(...scores);
  const raised = scores.map((score) => Math.exp(scale * (score - highest)));
  const sum = raised.reduce((total, value) => total + value, 0);
  return raised.map((value) => value / sum);
}

function greedy(scores: readonly number[]): number[] {
  const best = scores.indexOf(Math.max(...scores));
  return scores.map((_, index) => exploration / classes + (index === best ? 1 - exploration : 0));
}

function draw(chances: readonly number[], at: number): number {
  let left = at;
  for (const [index, chance] of chances.entries()) {
    left -= chance;
    if (left < 0) return index;
  }
  return chances.length - 1;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
