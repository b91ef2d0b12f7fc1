import { describe, expect, test } from 'vitest';
import { compileQuery, type Labels, type Scrapes, type Shape } from '../src/testbed/compile-query.ts';
import { pack } from '../src/testbed/demo-pack.ts';
import { parsePromql } from '../src/testbed/promql.ts';

const shape: Shape = new Map<string, readonly Labels[]>([
  [
    'requests_total',
    [
      { component: 'a', code: '200' },
      { component: 'a', code: '503' },
      { component: 'b', code: '200' },
      { component: 'b', code: '503' },
    ],
  ],
  ['limit', [{ component: 'a' }, { component: 'b' }]],
  ['seconds_bucket', ['0.1', '0.5', '+Inf'].map((le) => ({ component: 'a', le }))],
]);

/** One row a second, newest last. */
const recorded = (rows: Readonly<Record<string, readonly (readonly number[])[]>>): Scrapes => ({
  values: (metric, back) => rows[metric]?.at(-1 - back) ?? null,
});

function answer(query: string, scrapes: Scrapes): Record<string, number> | null {
  const { labels, values } = compileQuery(query, shape);
  const now = values(scrapes);
  return now && Object.fromEntries(labels.map((each, index) => [Object.values(each).join(), now[index] ?? Number.NaN]));
}

const counted = recorded({
  requests_total: [
    [0, 0, 0, 0],
    [10, 0, 20, 5],
    [20, 10, 40, 10],
  ],
  limit: [[2, 0]],
  seconds_bucket: [
    [0, 0, 0],
    [10, 90, 100],
  ],
});

describe('queries of the pack, evaluated in process', () => {
  test.each([
    ['a metric by its labels', 'limit{component="b"}', { b: 0 }],
    [
      'growth a second over the scrapes in the range',
      'rate(requests_total{code="200"}[3s])',
      { 'a,200': 10, 'b,200': 20 },
    ],
    [
      'growth over what there is of a longer range',
      'rate(requests_total{component="a",code="503"}[1m])',
      { 'a,503': 5 },
    ],
    ['sums under a label', 'sum by (component) (rate(requests_total[3s]))', { a: 15, b: 25 }],
    [
      'a pattern that has to fit the whole value',
      'sum by (component) (rate(requests_total{code=~"5.."}[3s]))',
      { a: 5, b: 5 },
    ],
    ['division of what has the same labels', 'limit / limit', { a: 1, b: Number.NaN }],
    [
      'division on some labels',
      'sum by (component, code) (rate(requests_total{code!="503"}[3s])) / on (component) limit',
      { a: 5, b: Number.POSITIVE_INFINITY },
    ],
    ['a quantile within its bucket', 'histogram_quantile(0.1, rate(seconds_bucket[2s]))', { a: 0.1 }],
    [
      'a quantile above the last bound',
      'histogram_quantile(0.95, sum by (component, le) (rate(seconds_bucket[2s])))',
      { a: 0.5 },
    ],
  ])('reads %s', (_name, query, expected) => {
    expect(answer(query, counted)).toEqual(expected);
  });

  test('answers nothing while there is no growth to see', () => {
    expect(answer('rate(requests_total[10s])', recorded({ requests_total: [[1, 2, 3, 4]] }))).toBeNull();
  });

  test.each(['sum(limit)', 'limit offset 1m', 'limit > 1', 'rate(limit)', 'limit{component}', 'abs(limit)', '(limit'])(
    'refuses %s, which it does not know',
    (query) => {
      expect(() => parsePromql(query)).toThrow(/query/);
    },
  );

  test('knows every query of the demo pack', () => {
    const queries = [...pack.rules.flatMap(({ query }) => query ?? []), ...pack.signals.map(({ query }) => query)];
    expect(queries.length).toBeGreaterThan(5);
    for (const query of queries) expect(() => parsePromql(query), query).not.toThrow();
  });
});
