import { readFile } from 'node:fs/promises';
import { parsePolicy } from '@charter/policy';
import { CharterError } from '@charter/shared/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { actuate, type ComponentOrder } from '../src/enforcement/domain/actuate.ts';
import { boundedLabel, slugOf } from '../src/enforcement/domain/bounded-label.ts';
import { committeeStatus, majorityOf } from '../src/enforcement/domain/committee-status.ts';
import { type EvaluationSpec, initialSpecs } from '../src/enforcement/domain/component-spec.ts';
import { overrideTerms } from '../src/enforcement/domain/override-terms.ts';
import { isListed, isNotified, signalSeverity } from '../src/enforcement/domain/violation-scale.ts';
import { evaluationPool } from '../src/enforcement/workers/evaluation-pool.ts';

test('a label keeps the first values and calls all others other, however many come', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 300 }), fc.integer({ min: 1, max: 20 }), (values, most) => {
      const label = boundedLabel(most);
      const seen = new Set(values.map(label));
      seen.delete('other');
      expect(seen.size).toBeLessThanOrEqual(most);
      for (const value of values) expect([value, 'other']).toContain(label(value));
    }),
  );
});

test('prose is no label value', () => {
  expect(slugOf('user_request')).toBe('user_request');
  expect(slugOf('Mrs Smith asked on Monday')).toBe('other');
});

describe('the committee', () => {
  test.each([
    [{ replicas: 3, healthy: 3, starting: 0 }, 'normal'],
    [{ replicas: 3, healthy: 2, starting: 0 }, 'degraded'],
    [{ replicas: 3, healthy: 1, starting: 0 }, 'critical'],
    [{ replicas: 4, healthy: 2, starting: 0 }, 'critical'],
    [{ replicas: 3, healthy: 0, starting: 3 }, 'recovering'],
  ] as const)('with %j is %s', (nodes, status) => {
    expect(committeeStatus(nodes)).toBe(status);
  });

  test.each([
    [0, 1],
    [1, 1],
    [2, 2],
    [3, 2],
    [10, 6],
  ])('of %i decides with %i votes', (members, votes) => {
    expect(majorityOf(members)).toBe(votes);
  });
});

describe('the terms of overrides', () => {
  test('are those of the classic document', async () => {
    const text = await readFile(new URL('../../../deploy/policies/production.yaml', import.meta.url), 'utf8');
    const parsed = parsePolicy(text);
    if (!parsed.ok) throw new Error('the document is valid');
    expect(overrideTerms([parsed.policy], 10)).toEqual({
      isEnabled: true,
      renewalSeconds: 4 * 3_600,
      mostSeconds: 24 * 3_600,
      quorum: 7,
    });
  });

  test('are one vote and a day where no policy says anything', () => {
    expect(overrideTerms([], 10)).toEqual({ isEnabled: true, renewalSeconds: 14_400, mostSeconds: 86_400, quorum: 1 });
  });
});

test('rungs below HIGH are no violations; whatever is reported is one', () => {
  expect(isListed('forbidden-metric', 'MEDIUM')).toBe(false);
  expect(isListed('forbidden-metric', 'HIGH')).toBe(true);
  expect(isListed('reported', 'WARNING')).toBe(true);
  expect(isNotified('reported', 'WARNING')).toBe(false);
  expect(signalSeverity('PERMANENT_BAN')).toBe('critical');
  expect(signalSeverity('HIGH')).toBe('warning');
});

test('every order that a component takes is undone by its undo', () => {
  const order: fc.Arbitrary<ComponentOrder> = fc.oneof(
    fc.record({ operation: fc.constant('scale' as const), replicas: fc.integer({ min: 1, max: 64 }) }),
    fc.record({
      operation: fc.constant('throttle' as const),
      requestsPerSecond: fc.option(fc.integer({ min: 1, max: 1_000 })),
    }),
    fc.record({
      operation: fc.constant('rebalance' as const),
      weights: fc.record({ small: fc.integer({ min: 0, max: 9 }), large: fc.integer({ min: 0, max: 9 }) }),
    }),
    fc.record({
      operation: fc.constant('config' as const),
      key: fc.constantFrom('batchSize', 'timeoutMs', 'queueLimit'),
      value: fc.integer({ min: 10, max: 1_000 }),
    }),
    fc.record({ operation: fc.constant('bypass' as const), ttlSeconds: fc.integer({ min: 0, max: 3_600 }) }),
  );
  fc.assert(
    fc.property(order, (change) => {
      const before = initialSpecs.evaluation;
      const done = actuate('evaluation', before, change, 0);
      if (!done.ok || done.undo === null) throw new Error('these are all possible');
      const back = actuate('evaluation', done.spec, { operation: change.operation, ...done.undo } as ComponentOrder, 0);
      expect(back).toMatchObject({ ok: true, spec: before });
    }),
  );
});

describe('the evaluation pool', () => {
  const poolWith = (change: Partial<EvaluationSpec>, config: Partial<EvaluationSpec['config']> = {}) => {
    const { evaluation } = initialSpecs;
    const spec = { ...evaluation, ...change, config: { ...evaluation.config, ...config } };
    return evaluationPool(() => spec);
  };

  test('evaluates each item once, in order, whatever the slices', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        async (sizes, batchSize) => {
          const pool = poolWith({ replicas: 2 }, { batchSize });
          const seen = sizes.map((): number[] => []);
          await Promise.all(
            sizes.map((size, job) =>
              pool.run(size, (start, end) => {
                for (let item = start; item < end; item += 1) seen[job]?.push(item);
              }),
            ),
          );
          expect(seen).toEqual(sizes.map((size) => Array.from({ length: size }, (_, item) => item)));
          await expect.poll(pool.state).toMatchObject({ busy: 0, waiting: 0 });
        },
      ),
      { numRuns: 30 },
    );
  });

  test('gives small batches their turn while large ones wait', async () => {
    const pool = poolWith({ replicas: 1 }, { batchSize: 10 });
    const order: string[] = [];
    const run = (name: string, size: number) => pool.run(size, (_start, end) => (end === size ? order.push(name) : 0));
    await Promise.all([
      run('large-1', 100),
      run('large-2', 100),
      run('large-3', 100),
      run('small-1', 5),
      run('small-2', 5),
    ]);
    expect(order.indexOf('small-2')).toBeLessThan(order.indexOf('large-2'));
  });

  test('a batch that fails in evaluation fails alone', async () => {
    const pool = poolWith({ replicas: 1 }, { batchSize: 1 });
    const failing = pool.run(2, () => {
      throw new Error('cannot be evaluated');
    });
    await expect(failing).rejects.toThrow('cannot be evaluated');
    await pool.run(2, () => undefined);
    await expect.poll(pool.state).toMatchObject({ busy: 0, waiting: 0 });
  });

  test('lets in what the limit says, and the rest not', () => {
    const pool = poolWith({ limitRequestsPerSecond: 10 });
    pool.admit(10);
    expect(() => pool.admit(5)).toThrow(CharterError);
  });
});
