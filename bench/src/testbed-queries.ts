/** One sample of an instant vector. */
export interface VectorSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
export type Vector = readonly VectorSample[];

/** The samples of one scrape by the name of their metric; every scrape has the same series in the same order. */
export type Scrape = ReadonlyMap<string, Vector>;

type Evaluate = (scrapes: readonly Scrape[]) => Vector;
type Choice = (labels: VectorSample['labels']) => boolean;

/**
 * The queries of the demo pack, word for word, and what PromQL makes of them. A pack whose queries say something else is
 * refused, so that what is measured stays what runs.
 */
const meanings: ReadonlyMap<string, Evaluate> = new Map<string, Evaluate>([
  [
    'histogram_quantile(0.95, sum by (component, le) (rate(testbed_request_duration_seconds_bucket[10s]))) / on (component) testbed_objective_latency_p95_seconds',
    (scrapes) =>
      over(
        quantile(0.95, rate(scrapes, 'testbed_request_duration_seconds_bucket')),
        now(scrapes, 'testbed_objective_latency_p95_seconds'),
      ),
  ],
  [
    'sum by (component) (rate(testbed_requests_total{code=~"5.."}[10s])) / sum by (component) (rate(testbed_requests_total{code!="429"}[10s]))',
    (scrapes) => {
      const requests = rate(scrapes, 'testbed_requests_total');
      const failed = sumBy('component', requests, ({ code = '' }) => /^5..$/.test(code));
      return over(
        failed,
        sumBy('component', requests, ({ code }) => code !== '429'),
      );
    },
  ],
  [
    'rate(testbed_cpu_work_seconds_total[10s]) / rate(testbed_cpu_capacity_seconds_total[10s])',
    (scrapes) =>
      over(rate(scrapes, 'testbed_cpu_work_seconds_total'), rate(scrapes, 'testbed_cpu_capacity_seconds_total')),
  ],
  [
    'testbed_memory_bytes / testbed_memory_limit_bytes',
    (scrapes) => over(now(scrapes, 'testbed_memory_bytes'), now(scrapes, 'testbed_memory_limit_bytes')),
  ],
  [
    'testbed_replicas_ready / testbed_objective_replicas_minimum',
    (scrapes) => over(now(scrapes, 'testbed_replicas_ready'), now(scrapes, 'testbed_objective_replicas_minimum')),
  ],
  [
    'testbed_replicas_desired / testbed_objective_replicas_budget',
    (scrapes) => over(now(scrapes, 'testbed_replicas_desired'), now(scrapes, 'testbed_objective_replicas_budget')),
  ],
  ['testbed_cpu_steal_ratio', (scrapes) => now(scrapes, 'testbed_cpu_steal_ratio')],
  ['testbed_config_drift_keys', (scrapes) => now(scrapes, 'testbed_config_drift_keys')],
  ['testbed_policy_drift', (scrapes) => now(scrapes, 'testbed_policy_drift')],
  [
    'rate(testbed_log_lines_total{level="fatal"}[10s])',
    (scrapes) => rate(scrapes, 'testbed_log_lines_total').filter(({ labels }) => labels.level === 'fatal'),
  ],
  [
    'sum by (component) (rate(testbed_requests_total[10s]))',
    (scrapes) => sumBy('component', rate(scrapes, 'testbed_requests_total')),
  ],
  [
    'sum by (source) (rate(testbed_edge_requests_total{destination="provider",result="failed"}[10s])) / sum by (source) (rate(testbed_edge_requests_total{destination="provider"}[10s]))',
    (scrapes) => {
      const calls = rate(scrapes, 'testbed_edge_requests_total').filter(
        ({ labels }) => labels.destination === 'provider',
      );
      return over(
        sumBy('source', calls, ({ result }) => result === 'failed'),
        sumBy('source', calls),
      );
    },
  ],
]);

/** Answer to a query of the pack from the scrapes of the last 10 s, oldest first. */
export function answerOf(query: string, scrapes: readonly Scrape[]): Vector {
  const evaluate = meanings.get(query.replaceAll(/\s+/g, ' ').trim());
  if (!evaluate) throw new Error(`The trials do not know what this query of the pack means: ${query}`);
  return evaluate(scrapes);
}

const now = (scrapes: readonly Scrape[], metric: string): Vector => scrapes.at(-1)?.get(metric) ?? [];

/** Growth over the time between the first and the last scrape; counters of the testbed are never reset. */
function rate(scrapes: readonly Scrape[], metric: string): Vector {
  const first = scrapes[0]?.get(metric);
  if (!first || scrapes.length < 2) return [];
  const seconds = scrapes.length - 1;
  return now(scrapes, metric).map(({ labels, value }, index) => ({
    labels,
    value: (value - (first[index]?.value ?? 0)) / seconds,
  }));
}

function sumBy(label: string, vector: Vector, isChosen: Choice = () => true): Vector {
  const sums = new Map<string, number>();
  for (const { labels, value } of vector) {
    const group = labels[label] ?? '';
    if (isChosen(labels)) sums.set(group, (sums.get(group) ?? 0) + value);
  }
  return [...sums].map(([group, value]) => ({ labels: { [label]: group }, value }));
}

/** Division of what has the same component or source. */
function over(upper: Vector, lower: Vector): Vector {
  const nameOf = ({ labels }: VectorSample): string => labels.component ?? labels.source ?? '';
  const divisors = new Map(lower.map((sample) => [nameOf(sample), sample.value]));
  return upper.flatMap((sample) => {
    const divisor = divisors.get(nameOf(sample));
    return divisor === undefined ? [] : [{ labels: sample.labels, value: sample.value / divisor }];
  });
}

/** Linear inside the bucket; the highest finite bound when the rank lies above it; NaN without observations. */
function quantile(share: number, buckets: Vector): Vector {
  const byComponent = Map.groupBy(buckets, ({ labels }) => labels.component ?? '');
  return [...byComponent].map(([component, own]) => ({ labels: { component }, value: quantileWithin(share, own) }));
}

function quantileWithin(share: number, buckets: Vector): number {
  const rank = share * (buckets.at(-1)?.value ?? 0);
  if (rank <= 0) return Number.NaN;
  let lower = 0;
  let below = 0;
  for (const { labels, value } of buckets) {
    const bound = Number(labels.le === '+Inf' ? Number.POSITIVE_INFINITY : labels.le);
    if (value >= rank && value > below) {
      return bound === Number.POSITIVE_INFINITY ? lower : lower + ((bound - lower) * (rank - below)) / (value - below);
    }
    lower = bound;
    below = value;
  }
  return lower;
}
