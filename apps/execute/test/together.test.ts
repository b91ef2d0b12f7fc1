import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { createExecuteMetrics } from '../src/metrics.ts';
import { together } from '../src/workers/together.ts';

describe('work that is done together', () => {
  test('comes in one batch when it is asked for at the same moment, each with its own answer', async () => {
    const batches: number[][] = [];
    const double = together(async (items: readonly number[]) => {
      batches.push([...items]);
      return items.map((item) => item * 2);
    });
    expect(await Promise.all([1, 2, 3].map(double))).toEqual([2, 4, 6]);
    expect(batches).toEqual([[1, 2, 3]]);
  });

  test('what comes while a batch is under way waits for the next, and no batch is larger than it may be', async () => {
    const sizes: number[] = [];
    const echo = together(async (items: readonly number[]) => {
      sizes.push(items.length);
      return items;
    }, 4);
    const all = Array.from({ length: 10 }, (_, index) => index);
    expect(await Promise.all(all.map(echo))).toEqual(all);
    expect(sizes).toEqual([4, 4, 2]);
    expect(await echo(7)).toBe(7);
  });

  test('an answer that is an error rejects for its item alone', async () => {
    const work = together(async (items: readonly number[]) =>
      items.map((item) => (item === 2 ? new Error('not two') : item)),
    );
    const answers = await Promise.allSettled([1, 2, 3].map(work));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  test('a batch that fails is tried one by one, so that only what is wrong suffers', async () => {
    const work = together(async (items: readonly number[]) => {
      if (items.includes(2)) throw new Error('two spoils it');
      return items;
    });
    const answers = await Promise.allSettled([1, 2, 3].map(work));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});

test('counters with known labels are there at 0, so that the first increase shows', async () => {
  const registry = new Registry();
  createExecuteMetrics(registry);
  const text = await registry.metrics();
  expect(text).toContain('charter_execute_verdicts_total{type="degradation"} 0');
  expect(text).toContain('charter_execute_refusals_total{gate="budget",how="refuse"} 0');
  expect(text).toContain('charter_execute_refusals_total{gate="permit",how="hold"} 0');
  expect(text).toContain(
    'charter_execute_steps_total{action="RESTART_SERVICE",direction="forward",result="uncertain"} 0',
  );
  expect(text).toContain('charter_execute_executions_total{state="rolled_back"} 0');
});
