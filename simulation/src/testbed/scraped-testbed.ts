import type { MetricFamily, Testbed } from '@charter/app-testbed/model';
import type { InstantAnswer, Prometheus, RangeAnswer } from '@charter/prometheus';
import { type CompiledQuery, compileQuery, type Labels, type Scrapes, type Shape } from './compile-query.ts';
import { pack } from './demo-pack.ts';

/** Second 0 of the virtual clock as Prometheus would write it down. */
const epochMs = Date.parse('2025-01-06T00:00:00Z');
/** No rate of the pack looks further back than this; the demo scrapes once a second. */
const longestRangeSeconds = 60;

/** All that the pack ever asks. */
const queries = [...new Set([...pack.rules.flatMap(({ query }) => query ?? []), ...pack.signals.map((s) => s.query)])];
const asked = new Set(queries.flatMap((query) => query.match(/\btestbed_\w+/g) ?? []));

export const instantAt = (second: number): Date => new Date(epochMs + second * 1_000);
export const secondAt = (instant: string): number => (Date.parse(instant) - epochMs) / 1_000;

/** One sample of an instant vector. */
export interface VectorSample {
  readonly labels: Labels;
  readonly value: number;
}

/** What a Prometheus that scrapes the testbed each second would answer to the queries of the demo pack. */
export interface ScrapedTestbed extends Pick<Prometheus, 'range' | 'instant'> {
  /** Lets a second pass in the testbed and scrapes it. @returns the second */
  tick(): number;
  /** Answer to a query now. */
  vector(query: string): VectorSample[];
  /** Another Prometheus with the same past, on another testbed that was a copy of this one. */
  fork(testbed: Testbed): ScrapedTestbed;
}

type Scrape = ReadonlyMap<string, Float64Array>;

export interface ScrapeOptions {
  /** How far back range queries can look. */
  readonly keepSeconds: number;
  /** Second of the virtual clock at which the testbed is now. Default 0. */
  readonly fromSecond?: number;
}

export const scrape = (testbed: Testbed, { keepSeconds, fromSecond = 0 }: ScrapeOptions): ScrapedTestbed =>
  scrapeOn(testbed, keepSeconds, fromSecond, []);

function scrapeOn(testbed: Testbed, keepSeconds: number, fromSecond: number, scrapes: Scrape[]): ScrapedTestbed {
  const shape = shapeOf(testbed.metrics());
  const compiled = new Map<string, CompiledQuery>();
  const answered = new Map<string, Map<number, number[] | null>>();
  const kept = keepSeconds + longestRangeSeconds;
  let second = fromSecond;

  function compiledFor(query: string): CompiledQuery {
    const known = compiled.get(query) ?? compileQuery(query, shape);
    compiled.set(query, known);
    return known;
  }

  /** The values of a query at a second within what is kept; each is worked out once. */
  function valuesAt(query: string, at: number): number[] | null {
    const known = answered.get(query) ?? new Map<number, number[] | null>();
    answered.set(query, known);
    const before = known.get(at);
    if (before !== undefined) return before;
    const newest = scrapes.length - 1 - (second - at);
    const window: Scrapes = { values: (metric, back) => scrapes[newest - back]?.get(metric) ?? null };
    const values = newest < 0 ? null : compiledFor(query).values(window);
    if (keepSeconds > 0) known.set(at, values);
    return values;
  }

  function vector(query: string): VectorSample[] {
    const { labels } = compiledFor(query);
    const values = valuesAt(query, second);
    return values === null ? [] : labels.map((each, index) => ({ labels: each, value: values[index] ?? Number.NaN }));
  }

  function forget(): void {
    if (scrapes.length <= kept) return;
    scrapes.shift();
    for (const known of answered.values()) known.delete(second - kept);
  }

  return {
    tick() {
      testbed.advance(1);
      second += 1;
      scrapes.push(scrapeOf(testbed.metrics(), shape));
      forget();
      return second;
    },
    vector,
    fork: (copy) => scrapeOn(copy, keepSeconds, second, [...scrapes]),
    async instant(query): Promise<InstantAnswer> {
      const at = instantAt(second).toISOString();
      const samples = vector(query).map((sample) => ({
        ...sample,
        valueKind: Number.isNaN(sample.value) ? ('nan' as const) : ('finite' as const),
        at,
      }));
      if (samples.length > 0) return { kind: 'vector', samples, hints: [] };
      return { kind: 'inconclusive', reason: 'empty', detail: 'The query matched no series' };
    },
    async range(query, { from, to, stepSeconds }): Promise<RangeAnswer> {
      const [start, end] = [secondAt(from), Math.min(second, secondAt(to))];
      const { labels } = compiledFor(query);
      const series = labels.map((each) => ({
        labels: { ...each },
        timestampsMs: [] as number[],
        values: [] as number[],
      }));
      for (let at = start; at <= end; at += stepSeconds) {
        const values = at < second - keepSeconds ? null : valuesAt(query, at);
        if (values === null) continue;
        for (const [index, one] of series.entries()) {
          one.timestampsMs.push(instantAt(at).getTime());
          one.values.push(values[index] ?? Number.NaN);
        }
      }
      return { kind: 'matrix', series: series.filter(({ values }) => values.length > 0), hints: [] };
    },
  };
}

const nameOf = (family: MetricFamily): string => (family.type === 'histogram' ? `${family.name}_bucket` : family.name);

function shapeOf(families: readonly MetricFamily[]): Shape {
  return new Map(
    families
      .filter((family) => asked.has(nameOf(family)))
      .map((family) => {
        if (family.type !== 'histogram') return [nameOf(family), family.samples.map(({ labels }) => labels)];
        const bounds = [...family.bounds.map(String), '+Inf'];
        return [nameOf(family), family.samples.flatMap(({ labels }) => bounds.map((le) => ({ ...labels, le })))];
      }),
  );
}

/** Copied, since the model goes on counting in place. Histograms as their buckets. */
function scrapeOf(families: readonly MetricFamily[], shape: Shape): Scrape {
  const scraped = new Map<string, Float64Array>();
  for (const family of families) {
    const name = nameOf(family);
    if (!shape.has(name)) continue;
    if (family.type !== 'histogram') {
      scraped.set(
        name,
        Float64Array.from(family.samples, ({ value }) => value),
      );
      continue;
    }
    const size = family.bounds.length + 1;
    const values = new Float64Array(family.samples.length * size);
    for (const [index, { histogram }] of family.samples.entries()) {
      for (let k = 0; k < size; k += 1) values[index * size + k] = histogram.buckets[k] ?? histogram.count;
    }
    scraped.set(name, values);
  }
  return scraped;
}
