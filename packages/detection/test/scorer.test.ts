import { describe, expect, test } from 'vitest';
import { createScorer, type Scorer, type ScorerState, scoreSeries } from '../src/index.ts';
import { noise, times } from './synthetic.ts';

const N = 2000;

/** A noisy day-and-night wave with a level jump at 1500. */
function wave(): Float64Array {
  const random = noise(7);
  return Float64Array.from(
    { length: N },
    (_, i) => 10 * Math.sin((2 * Math.PI * i) / 288) + random() + (i >= 1500 ? 60 : 0),
  );
}

describe('the univariate score', () => {
  test('is highest where the level jumps', () => {
    const scores = scoreSeries(times(N), wave());
    const calm = Math.max(...scores.subarray(600, 1500));
    expect(Math.max(...scores.subarray(1500, 1505))).toBeGreaterThan(0.7);
    expect(Math.max(...scores.subarray(1500, 1505))).toBeGreaterThan(calm);
  });

  test('stays within 0 and 1, also on hostile values', () => {
    const values = [Number.NaN, 1e300, -1e300, Number.POSITIVE_INFINITY, 0, 5e-324, ...wave()];
    const scores = scoreSeries(times(values.length), values);
    expect(scores).toHaveLength(values.length);
    expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);
  });

  test('uses nothing after the sample it scores', () => {
    const all = scoreSeries(times(N), wave());
    for (const cut of [1, 100, 777, 1501]) {
      const part = scoreSeries(times(cut), wave().subarray(0, cut));
      expect(Array.from(part)).toEqual(Array.from(all.subarray(0, cut)));
    }
  });

  test('does not change when the series is scaled or shifted', () => {
    const plain = scoreSeries(times(N), wave());
    const moved = scoreSeries(
      times(N),
      wave().map((value) => 4096 * value - 2 ** 20),
    );
    expect(Math.max(...plain.map((score, i) => Math.abs(score - (moved[i] ?? 0))))).toBeLessThan(0.05);
  });

  test('does not depend on the order of the input', () => {
    const order = Uint32Array.from({ length: N }, (_, i) => ((i * 7) % N === i ? i : (i * 1201) % N));
    const values = wave();
    const plain = scoreSeries(times(N), values);
    const shuffled = scoreSeries(
      Array.from(order, (i) => times(N)[i] ?? 0),
      Array.from(order, (i) => values[i] ?? 0),
    );
    expect(Array.from(shuffled)).toEqual(Array.from(order, (i) => plain[i]));
  });

  test('goes on from its saved state as if it had never stopped', () => {
    const values = wave();
    const read = (scorer: Scorer, from: number, to: number) =>
      Array.from(values.subarray(from, to), (value, i) => [scorer.push((from + i) * 300, value), scorer.alarm()]);
    const expected = read(createScorer(), 0, N);
    for (const cut of [3, 333, 1203]) {
      const first = createScorer();
      read(first, 0, cut);
      const state = JSON.parse(JSON.stringify(first.state())) as ScorerState;
      expect(read(createScorer({ state }), cut, N)).toEqual(expected.slice(cut));
    }
  });

  test('keeps a state of bounded size', () => {
    const scorer = createScorer();
    const random = noise(3);
    for (let i = 0; i < 15_000; i++) scorer.push(i * 60, random());
    const early = JSON.stringify(scorer.state()).length;
    for (let i = 15_000; i < 60_000; i++) scorer.push(i * 60, random());
    expect(JSON.stringify(scorer.state()).length).toBeLessThan(early * 1.1);
  });

  test('calls nothing unusual in constant, single-sample and empty series', () => {
    expect(Array.from(scoreSeries([], []))).toEqual([]);
    expect(Array.from(scoreSeries([5], [1]))).toEqual([0]);
    expect(Math.max(...scoreSeries(times(500), new Float64Array(500).fill(3)))).toBe(0);
  });

  test('notices when a constant series moves', () => {
    const values = new Float64Array(500).fill(3);
    values.fill(4, 450);
    const scores = scoreSeries(times(500), values);
    expect(scores[450]).toBeGreaterThan(0.5);
  });

  test('skips gaps and repeated samples', () => {
    const values = wave();
    values.fill(Number.NaN, 300, 320);
    const scores = scoreSeries(times(N), values);
    expect(Array.from(scores.subarray(300, 320))).toEqual(new Array(20).fill(0));
    const doubled = scoreSeries([...times(N), ...times(N)], [...values, ...values]);
    expect(Array.from(doubled.subarray(0, N))).toEqual(Array.from(scores));
  });
});
