import type { MetricFamily, Testbed } from '@charter/app-testbed/model';
import type { Prometheus, RangeAnswer } from '@charter/prometheus';
import { pack } from './testbed-pack.ts';
import { answerOf, type Scrape, type Vector } from './testbed-queries.ts';

/** Second 0 of the virtual clock as Prometheus would write it down. */
const epochMs = Date.parse('2025-01-06T00:00:00Z');
/** The demo scrapes once a second and its rates look back this far. */
const rateSeconds = 10;

/** All that the pack ever asks. */
const queries = [...new Set([...pack.rules.flatMap(({ query }) => query ?? []), ...pack.signals.map((s) => s.query)])];

const asked = new Set(queries.flatMap((query) => query.match(/\btestbed_\w+/g) ?? []));
const isAsked = (name: string): boolean => asked.has(name) || asked.has(`${name}_bucket`);

export const instantAt = (second: number): Date => new Date(epochMs + second * 1_000);

/** What a Prometheus that scrapes the testbed each second would answer to the queries of the demo pack. */
export interface TestbedPrometheus extends Pick<Prometheus, 'range'> {
  /** Lets a second pass in the testbed and scrapes it. @returns the second */
  tick(): number;
  /** Answer to a query now. */
  vector(query: string): Vector;
}

/** `keepSeconds`: how far back range queries can look; 0 keeps no history. */
export function prometheusOf(testbed: Testbed, keepSeconds: number): TestbedPrometheus {
  const scrapes: Scrape[] = [];
  const history: { at: number; answers: Map<string, Vector> }[] = [];
  let second = Math.round(testbed.now());

  return {
    tick() {
      testbed.advance(1);
      second += 1;
      scrapes.push(scrapeOf(testbed.metrics()));
      if (scrapes.length > rateSeconds) scrapes.shift();
      if (keepSeconds > 0) {
        history.push({ at: second, answers: new Map(queries.map((query) => [query, answerOf(query, scrapes)])) });
        if (history.length > keepSeconds) history.shift();
      }
      return second;
    },
    vector: (query) => answerOf(query, scrapes),
    async range(query, { from, to, stepSeconds }): Promise<RangeAnswer> {
      const [start, end] = [from, to].map((instant) => (Date.parse(instant) - epochMs) / 1_000);
      const found = new Map<string, { labels: Record<string, string>; timestampsMs: number[]; values: number[] }>();
      for (const { at, answers } of history) {
        if (at < Number(start) || at > Number(end) || (at - Number(start)) % stepSeconds !== 0) continue;
        for (const { labels, value } of answers.get(query) ?? []) {
          const key = JSON.stringify(labels);
          const series = found.get(key) ?? { labels: { ...labels }, timestampsMs: [], values: [] };
          series.timestampsMs.push(instantAt(at).getTime());
          series.values.push(value);
          found.set(key, series);
        }
      }
      return { kind: 'matrix', series: [...found.values()], hints: [] };
    },
  };
}

/** What queries ask for in one scrape; histograms as their buckets, copied, since the model goes on counting in place. */
function scrapeOf(families: readonly MetricFamily[]): Scrape {
  const scrape = new Map<string, { labels: Readonly<Record<string, string>>; value: number }[]>();
  for (const family of families.filter(({ name }) => isAsked(name))) {
    if (family.type !== 'histogram') {
      scrape.set(family.name, family.samples);
      continue;
    }
    const bounds = [...family.bounds, Number.POSITIVE_INFINITY];
    scrape.set(
      `${family.name}_bucket`,
      family.samples.flatMap(({ labels, histogram }) =>
        bounds.map((bound, index) => ({
          labels: { ...labels, le: bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound) },
          value: histogram.buckets[index] ?? histogram.count,
        })),
      ),
    );
  }
  return scrape;
}
