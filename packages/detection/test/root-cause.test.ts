import { describe, expect, test } from 'vitest';
import { type RootCauseInput, rankRootCauses } from '../src/index.ts';
import { INCIDENT_AT, series } from './synthetic.ts';

const topology = {
  edges: [
    { from: 'web', to: 'cart' },
    { from: 'web', to: 'search' },
    { from: 'cart', to: 'store' },
  ],
};

/** The store gets slow; cart and web wait for it and show the same extra latency. */
function slowStore(): RootCauseInput {
  return {
    detectedAt: INCIDENT_AT,
    topology,
    symptom: { component: 'web', metric: 'latency_p95' },
    series: [
      series('web', 'latency_p95', 0.2, 0.5, 1),
      series('cart', 'latency_p95', 0.1, 0.5, 2),
      series('store', 'latency_p95', 0.02, 0.5, 3),
      series('store', 'cpu_usage_percent', 20, 0, 4),
      series('search', 'latency_p95', 0.05, 0, 5),
      series('web', 'request_count', 900, 0, 6),
    ],
  };
}

describe('root-cause ranking', () => {
  test('blames the deepest component that is slow, not those that wait for it', () => {
    const answer = rankRootCauses(slowStore());
    expect(answer.rootCauses[0]?.component).toBe('store');
    expect(answer.verdict).toBe('determined');
    expect(answer.confidence).toBe(answer.rootCauses[0]?.confidence);
  });

  test('says when and how far the blamed series moved', () => {
    const evidence = rankRootCauses(slowStore()).rootCauses[0]?.evidence[0];
    expect(evidence?.series).toBe('store#latency_p95');
    expect(evidence?.changedAt).toBe(INCIDENT_AT);
    expect(evidence?.from).toBeCloseTo(0.02, 2);
    expect(evidence?.to).toBeCloseTo(0.52, 2);
    expect(evidence?.text).toContain('rose from');
  });

  test('finds a saturated component without any call graph', () => {
    const answer = rankRootCauses({
      detectedAt: INCIDENT_AT,
      series: [
        series('a', 'cpu_usage_percent', 20, 70, 1),
        series('b', 'cpu_usage_percent', 20, 1, 2),
        series('c', 'latency_p95', 0.1, 0, 3),
      ],
    });
    expect(answer.rootCauses[0]).toMatchObject({ component: 'a', metric: 'cpu_usage_percent' });
  });

  test('names no metric that moved within what its owners accept while another left it', () => {
    const named = (highest: number) =>
      rankRootCauses({
        detectedAt: INCIDENT_AT,
        series: [
          { ...series('a', 'memory_ratio', 0.4, 0.2, 1), accepted: { highest } },
          { ...series('a', 'latency_ratio', 0.5, 2, 2), accepted: { highest: 1 } },
        ],
      }).rootCauses[0]?.metric;
    expect(named(0.85)).toBe('latency_ratio');
    expect(named(0.5)).toBe('memory_ratio');
  });

  test('names the demand that rose, not the slowness and failures that come of it', () => {
    const answer = rankRootCauses({
      detectedAt: INCIDENT_AT,
      series: [
        series('a', 'request_rate', 70, 30, 1),
        series('a', 'latency_ratio', 0.5, 5, 2),
        series('a', 'error_ratio', 0.001, 0.3, 3),
      ],
    });
    expect(answer.rootCauses[0]).toMatchObject({ component: 'a', metric: 'request_rate' });
  });

  test('blames the component whose callers wait although it answers as fast as ever', () => {
    const edge = (callee: string, shift: number, side: string, seed: number) =>
      series(callee, 'latency_p50', 10, shift, seed, { peer: 'web', side });
    const answer = rankRootCauses({
      detectedAt: INCIDENT_AT,
      series: [
        edge('cart', 200, 'client', 1),
        edge('cart', 0, 'server', 2),
        edge('search', 0, 'client', 3),
        edge('search', 0, 'server', 4),
        series('web', 'latency_p50', 30, 200, 5),
      ],
    });
    expect(answer.rootCauses[0]?.component).toBe('cart');
  });

  test('reads edges that are written into the name of the metric', () => {
    const edge = (name: string, shift: number, seed: number) => series('cart', name, 10, shift, seed);
    const answer = rankRootCauses({
      detectedAt: INCIDENT_AT,
      series: [edge('p50_client@web', 200, 1), edge('p50_server@web', 0, 2), series('web', 'p50', 30, 200, 5)],
    });
    expect(answer.rootCauses[0]?.component).toBe('cart');
    expect(answer.rootCauses[0]?.evidence[0]?.series).toBe('cart#p50{peer="web",side="client"}');
  });

  test('is undetermined, and says so plainly, when nothing changed', () => {
    const calm = slowStore().series.map((one) => ({
      ...one,
      values: Array.from(one.values).map((_, i) => one.values[i % 300] ?? 0),
    }));
    const answer = rankRootCauses({ detectedAt: INCIDENT_AT, series: calm, topology });
    expect(answer.verdict).toBe('undetermined');
    expect(rankRootCauses({ detectedAt: INCIDENT_AT, series: [] })).toEqual({
      rootCauses: [],
      confidence: 0,
      verdict: 'undetermined',
    });
  });

  test('answers the same whatever the order of series and samples', () => {
    const input = slowStore();
    const reversed = input.series.map((one) => ({
      ...one,
      timestamps: Array.from(one.timestamps).reverse(),
      values: Array.from(one.values).reverse(),
    }));
    expect(rankRootCauses({ ...input, series: reversed.reverse() })).toEqual(rankRootCauses(input));
  });

  test('keeps its first when every series is scaled, or shifted by any amount of its own', () => {
    const first = (input: RootCauseInput) => rankRootCauses(input).rootCauses[0]?.component;
    const input = slowStore();
    const moved = (change: (value: number, i: number) => number) => ({
      ...input,
      series: input.series.map((one, i) => ({ ...one, values: Array.from(one.values, (value) => change(value, i)) })),
    });
    expect(first(moved((value) => value * 1000))).toBe('store');
    expect(first(moved((value, i) => value + 10 ** i))).toBe('store');
    expect(first(moved((value) => value - 5000))).toBe('store');
  });

  test('survives NaN, constant, single-sample and mismatched series', () => {
    const input = slowStore();
    const odd = [
      { component: 'odd', metric: 'x', timestamps: [INCIDENT_AT], values: [1] },
      { component: 'odd', metric: 'y', timestamps: [1, 2, 3], values: [Number.NaN, Number.NaN, Number.NaN] },
      { component: 'odd', metric: 'z', timestamps: [], values: [] },
      series('flat', 'mem_bytes', 0, 0, 9),
    ];
    const { rootCauses } = rankRootCauses({ ...input, series: [...input.series, ...odd] });
    expect(rootCauses[0]?.component).toBe('store');
    expect(rootCauses.find(({ component }) => component === 'odd')?.metric).toBe('x');
  });

  test('reads counters as rates and shrugs off their resets', () => {
    const counter = (component: string, resetAt: number, factor: number) => {
      const base = series(component, 'errors_total', 0, 0, 1);
      let total = 0;
      const values = Array.from(base.timestamps, (time, i) => {
        total = i === resetAt ? 0 : total + (time >= INCIDENT_AT ? factor : 1);
        return total;
      });
      return { ...base, values };
    };
    const answer = rankRootCauses({ detectedAt: INCIDENT_AT, series: [counter('a', 365, 1), counter('b', 100, 40)] });
    expect(answer.rootCauses[0]?.component).toBe('b');
  });

  test('is not misled by one sample that nothing confirms', () => {
    const outlier = series('search', 'latency_p95', 0.05, 0, 5);
    const upTo = (one: typeof outlier, shift: number) => {
      const kept = Array.from(one.timestamps).filter((time) => time <= INCIDENT_AT);
      const values = kept.map((time, i) => (one.values[i] ?? 0) + (time === INCIDENT_AT ? shift : 0));
      return { ...one, timestamps: kept, values };
    };
    const store = series('store', 'cpu_usage_percent', 20, 0, 4);
    const lasting = { ...store, values: Array.from(store.values, (value, i) => value + (i >= 359 ? 40 : 0)) };
    const answer = rankRootCauses({ detectedAt: INCIDENT_AT, series: [upTo(outlier, 50), upTo(lasting, 0)] });
    expect(answer.rootCauses[0]?.component).toBe('store');
  });
});
