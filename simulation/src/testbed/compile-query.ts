import { type Expression, parsePromql, type Selector } from './promql.ts';

export type Labels = Readonly<Record<string, string>>;

/** The series of one metric, which stay the same in every scrape. */
export type Shape = ReadonlyMap<string, readonly Labels[]>;

/** Values of the series of a metric in the newest scrape, or `back` scrapes before it; null when there is none. */
export interface Scrapes {
  values(metric: string, back: number): ArrayLike<number> | null;
}

/** A query worked out once for the series that exist: its labels stand, only values change. */
export interface CompiledQuery {
  readonly labels: readonly Labels[];
  /** Values in the order of `labels`; null for an empty vector. */
  values(scrapes: Scrapes): number[] | null;
}

/** Compiles a query for series that are scraped once a second. */
export const compileQuery = (query: string, shape: Shape): CompiledQuery => compile(parsePromql(query), shape);

function compile(expression: Expression, shape: Shape): CompiledQuery {
  switch (expression.kind) {
    case 'selector':
      return selected(expression, shape);
    case 'rate':
      return rate(expression.of, expression.seconds, shape);
    case 'sum':
      return sum(expression.by, compile(expression.of, shape));
    case 'quantile':
      return quantile(expression.share, compile(expression.of, shape));
    case 'divide':
      return divide(expression.on, compile(expression.upper, shape), compile(expression.lower, shape));
  }
}

function placesOf({ metric, matchers }: Selector, shape: Shape): { place: number; labels: Labels }[] {
  return (shape.get(metric) ?? []).flatMap((labels, place) =>
    matchers.every(({ label, fits }) => fits(labels[label] ?? '')) ? [{ place, labels }] : [],
  );
}

function selected(selector: Selector, shape: Shape): CompiledQuery {
  const places = placesOf(selector, shape);
  return {
    labels: places.map(({ labels }) => labels),
    values(scrapes) {
      const now = scrapes.values(selector.metric, 0);
      return now && places.map(({ place }) => now[place] ?? Number.NaN);
    },
  };
}

/** Growth over the time between the first and the last scrape in the range; counters of the testbed are never reset. */
function rate(selector: Selector, seconds: number, shape: Shape): CompiledQuery {
  const places = placesOf(selector, shape);
  return {
    labels: places.map(({ labels }) => labels),
    values(scrapes) {
      const now = scrapes.values(selector.metric, 0);
      let back = seconds - 1;
      while (back > 0 && scrapes.values(selector.metric, back) === null) back -= 1;
      const before = scrapes.values(selector.metric, back);
      if (!now || !before || back === 0) return null;
      return places.map(({ place }) => ((now[place] ?? 0) - (before[place] ?? 0)) / back);
    },
  };
}

const pick = (labels: Labels, names: readonly string[]): Labels =>
  Object.fromEntries(names.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])));

const keyOf = (labels: Labels): string => JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Gathers series under some of their labels. */
function groupsOf(of: readonly Labels[], names: (labels: Labels) => Labels) {
  const groups = new Map<string, { labels: Labels; members: number[] }>();
  for (const [index, labels] of of.entries()) {
    const picked = names(labels);
    const group = groups.get(keyOf(picked)) ?? { labels: picked, members: [] };
    groups.set(keyOf(picked), group);
    group.members.push(index);
  }
  return [...groups.values()];
}

function sum(by: readonly string[], of: CompiledQuery): CompiledQuery {
  const groups = groupsOf(of.labels, (labels) => pick(labels, by));
  return {
    labels: groups.map(({ labels }) => labels),
    values(scrapes) {
      const values = of.values(scrapes);
      return values && groups.map(({ members }) => members.reduce((total, index) => total + (values[index] ?? 0), 0));
    },
  };
}

function divide(on: readonly string[] | null, upper: CompiledQuery, lower: CompiledQuery): CompiledQuery {
  const keyFor = (labels: Labels): string => keyOf(on === null ? labels : pick(labels, on));
  const divisors = new Map(lower.labels.map((labels, index) => [keyFor(labels), index]));
  const pairs = upper.labels.flatMap((labels, index) => {
    const divisor = divisors.get(keyFor(labels));
    return divisor === undefined ? [] : [{ labels: on === null ? labels : pick(labels, on), index, divisor }];
  });
  return {
    labels: pairs.map(({ labels }) => labels),
    values(scrapes) {
      const [above, below] = [upper.values(scrapes), lower.values(scrapes)];
      return above && below && pairs.map(({ index, divisor }) => (above[index] ?? 0) / (below[divisor] ?? 0));
    },
  };
}

function quantile(share: number, of: CompiledQuery): CompiledQuery {
  const bounds = of.labels.map(({ le = '' }) => (le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)));
  const boundOf = (index: number): number => bounds[index] ?? Number.NaN;
  const groups = groupsOf(of.labels, ({ le: _le, ...labels }) => labels).map(({ labels, members }) => ({
    labels,
    members: members.sort((a, b) => boundOf(a) - boundOf(b)),
  }));
  return {
    labels: groups.map(({ labels }) => labels),
    values(scrapes) {
      const values = of.values(scrapes);
      if (!values) return null;
      return groups.map(({ members }) =>
        quantileWithin(
          share,
          members.map((index) => [boundOf(index), values[index] ?? 0]),
        ),
      );
    },
  };
}

/** Linear inside the bucket; the highest finite bound when the rank lies above it; NaN without observations. */
function quantileWithin(share: number, buckets: readonly (readonly [bound: number, count: number])[]): number {
  const rank = share * (buckets.at(-1)?.[1] ?? 0);
  if (!(rank > 0)) return Number.NaN;
  let [lower, below] = [0, 0];
  for (const [bound, count] of buckets) {
    if (count >= rank && count > below) {
      return bound === Number.POSITIVE_INFINITY ? lower : lower + ((bound - lower) * (rank - below)) / (count - below);
    }
    [lower, below] = [bound, count];
  }
  return lower;
}
