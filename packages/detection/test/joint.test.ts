import { describe, expect, test } from 'vitest';
import { createChangePoints, fitJointModel } from '../src/index.ts';
import { noise } from './synthetic.ts';

/** Three metrics driven by one load, and one on its own. */
function rowsOf(n: number, seed: number): Float64Array[] {
  const random = noise(seed);
  return Array.from({ length: n }, (_, i) => {
    const load = Math.sin(i / 20) * 10;
    return Float64Array.of(load + random(), 2 * load + random(), -load + random(), random());
  });
}
const columnsOf = (rows: readonly Float64Array[]) =>
  [0, 1, 2, 3].map((j) => Float64Array.from(rows, (row) => row[j] ?? 0));

describe('the joint model of several metrics', () => {
  test('notices a metric that leaves its companions although its value is nothing special, and blames it', () => {
    const model = fitJointModel(columnsOf(rowsOf(600, 1)), 600);
    const calm = rowsOf(100, 2).map((row) => model.push(row));
    const odd = Float64Array.of(8, 16, 8, 0);
    let score = 0;
    for (let i = 0; i < 5; i++) score = model.push(odd);
    expect(score).toBeGreaterThan(Math.max(...calm));
    const blame = Array.from(model.contributions());
    expect(blame.indexOf(Math.max(...blame))).toBe(2);
    expect(blame.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
  });

  test('does not care about units and offsets', () => {
    const rows = rowsOf(600, 1);
    const moved = rows.map((row) => row.map((value, j) => value * 10 ** (j * 3) + j * 50));
    const plain = fitJointModel(columnsOf(rows), 500);
    const other = fitJointModel(columnsOf(moved), 500);
    for (let i = 500; i < 600; i++) expect(other.push(moved[i] ?? [])).toBeCloseTo(plain.push(rows[i] ?? []), 6);
  });

  test('survives missing values, constant metrics and no rows at all', () => {
    const columns = [new Float64Array(50).fill(3), new Float64Array(50).fill(Number.NaN)];
    const scores = [
      fitJointModel(columns, 50).push([3, Number.NaN]),
      fitJointModel([], 0).push([]),
      fitJointModel([[], []], 0).push([1, 2]),
    ];
    expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);
  });
});

describe('change points', () => {
  test('appear where a regime begins and not elsewhere', () => {
    const detector = createChangePoints(4);
    const random = noise(5);
    const found: number[] = [];
    for (let i = 0; i < 600; i++) {
      const row = Float64Array.from({ length: 4 }, () => random() + (i >= 400 ? 6 : 0));
      if (detector.push(row) > 0.5) found.push(i);
    }
    expect(found.some((i) => i >= 400 && i < 408)).toBe(true);
    expect(found.filter((i) => i < 400 || i > 420)).toEqual([]);
  });
});
