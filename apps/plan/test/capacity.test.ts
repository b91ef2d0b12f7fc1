import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calibrate } from '../src/domain/calibrate-capacity.ts';
import { type CapacityModel, uncalibrated } from '../src/domain/capacity-model.ts';
import { forecastArrivals, steadyForecast } from '../src/domain/forecast-arrivals.ts';
import { type CapacityState, planCapacity } from '../src/domain/plan-capacity.ts';
import { carriedRate, predictResponse } from '../src/domain/predict-response.ts';

const warm = Number.POSITIVE_INFINITY;

const model: CapacityModel = {
  minServers: 1,
  maxServers: 3,
  bootSeconds: 60,
  periodSeconds: 60,
  dimmerLevels: [0, 0.25, 0.5, 0.75, 1],
  full: { seconds: 0.04, coldExtraSeconds: 0.05 },
  reduced: { seconds: 0.001, coldExtraSeconds: 0.002 },
  warmUpRequests: 6_750,
  thresholdSeconds: 0.75,
  objective: { fullRevenue: 1.5, reducedRevenue: 1, serverSaving: 10, carriedPerServer: 22 },
};

const pool = (change: Partial<CapacityState> = {}): CapacityState => ({
  active: 1,
  bootRemaining: null,
  dimmer: 1,
  served: [warm, warm, warm],
  jobs: 1,
  ...change,
});

const plan = (state: CapacityState, rates: readonly number[], deviation = 0.5) =>
  planCapacity(model, {
    state,
    forecast: { mean: rates, deviation: rates.map(() => deviation), evidence: 10 },
    calibration: uncalibrated,
  });

describe('the response of a processor-sharing server', () => {
  test.each([0.3, 0.6, 0.8, 0.9])('settles at demand / (1 − load) for Poisson arrivals, at a load of %f', (load) => {
    const rate = load / 0.04;
    const settled = { served: [warm], dimmer: 1, rate, jobs: load / (1 - load), seconds: 60 };
    expect(predictResponse(model, settled, uncalibrated)).toBeCloseTo(0.04 / (1 - load), 3);
  });

  test('grows with rate, work inside and content, and shrinks with servers and warmth', () => {
    const load = fc.record({
      count: fc.integer({ min: 1, max: 6 }),
      served: fc.integer({ min: 0, max: 10_000 }),
      dimmer: fc.double({ min: 0, max: 0.9, noNaN: true }),
      rate: fc.double({ min: 0.5, max: 100, noNaN: true }),
      jobs: fc.double({ min: 0, max: 200, noNaN: true }),
    });
    fc.assert(
      fc.property(load, ({ count, served, dimmer, rate, jobs }) => {
        const at = (change: object, servers = count, warmth = served): number =>
          predictResponse(
            model,
            { served: new Array<number>(servers).fill(warmth), dimmer, rate, jobs, seconds: 60, ...change },
            uncalibrated,
          );
        const now = at({}) * (1 + 1e-9);
        // More requests also warm a cold server sooner, and thin out what was there before.
        const fresh = at({ jobs: 0 }, count, warm);
        expect(at({ rate: rate * 1.1, jobs: 0 }, count, warm) * (1 + 1e-9)).toBeGreaterThanOrEqual(fresh);
        expect(at({ jobs: jobs + 10 }) * (1 + 1e-9)).toBeGreaterThanOrEqual(at({}));
        expect(at({ dimmer: dimmer + 0.1 }) * (1 + 1e-9)).toBeGreaterThanOrEqual(at({}));
        expect(at({ jobs: 0 }, count + 1, warm)).toBeLessThanOrEqual(fresh * (1 + 1e-9));
        expect(at({}, count, served + 1_000)).toBeLessThanOrEqual(now);
      }),
    );
  });

  test('keeps within the threshold up to the carried rate and not beyond', () => {
    const load = { served: [warm, warm], dimmer: 1, jobs: 2, seconds: 60 };
    const rate = carriedRate(model, load, uncalibrated);
    expect(rate).toBeGreaterThan(40);
    expect(rate).toBeLessThan(55);
    expect(predictResponse(model, { ...load, rate }, uncalibrated)).toBeLessThanOrEqual(0.75);
    expect(predictResponse(model, { ...load, rate: rate * 1.02 }, uncalibrated)).toBeGreaterThan(0.75);
  });

  test('with work left over, is carried as soon as that drains in time', () => {
    const left = { served: [warm], dimmer: 0, jobs: 60, seconds: 60 };
    expect(carriedRate(model, left, uncalibrated)).toBeGreaterThan(500);
  });

  test('is corrected by what was measured', () => {
    const measured = Array.from({ length: 20 }, () => ({
      rate: 15,
      dimmer: 1,
      served: [warm],
      utilization: 0.75,
      responseSeconds: 0.1,
    }));
    const { demandScale, burstiness } = calibrate(model, measured);
    expect(demandScale).toBeGreaterThan(1.15);
    expect(demandScale).toBeLessThan(1.27);
    expect(burstiness).toBeLessThan(0.8);
    expect(calibrate(model, [])).toEqual(uncalibrated);
  });
});

describe('the forecast', () => {
  const settings = { samplesPerPeriod: 4, periods: 3 };

  test('of a steady rate is that rate, ever more surely', () => {
    const few = forecastArrivals(new Array<number>(8).fill(20), settings);
    const many = forecastArrivals(new Array<number>(200).fill(20), settings);
    for (const mean of many.mean) expect(mean).toBeCloseTo(20, 6);
    expect(many.deviation[0]).toBeLessThan(few.deviation[0] ?? 0);
  });

  test('of a steady climb goes on climbing, less so farther out', () => {
    const { mean } = forecastArrivals(
      Array.from({ length: 80 }, (_, n) => 10 + n / 4),
      settings,
    );
    const [first = 0, second = 0, third = 0] = mean;
    expect(first).toBeGreaterThan(30);
    expect(second).toBeGreaterThan(first);
    expect(third - second).toBeLessThan(second - first);
  });

  test('is never below nothing, and less certain farther out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 4, maxLength: 60 }),
        (samples) => {
          const { mean, deviation } = forecastArrivals(samples, settings);
          for (const rate of mean) expect(rate).toBeGreaterThanOrEqual(0);
          for (const value of deviation) expect(value).toBeGreaterThan(0);
        },
      ),
    );
    const { deviation } = steadyForecast(30, 3);
    expect(deviation).toEqual([...deviation].sort((a, b) => a - b));
  });
});

describe('the plan of a pool', () => {
  test('asks for a server while it can still boot in time', () => {
    expect(plan(pool(), [18, 27, 30, 30, 30, 30]).chosen).toMatchObject({ change: 'add' });
    expect(plan(pool(), [18, 18, 18, 18, 18, 18]).chosen).toMatchObject({ change: 'none', dimmer: 1 });
  });

  test('dims what it cannot serve until the server is there', () => {
    const { chosen, nothing } = plan(pool(), [30, 30, 30, 30, 30, 30]);
    expect(chosen.change).toBe('add');
    expect(chosen.dimmer).toBeLessThan(1);
    expect(chosen.lateChance).toBeLessThan(0.1);
    expect(nothing.lateChance).toBeGreaterThan(0.9);
  });

  test('gives back what it does not need', () => {
    expect(plan(pool({ active: 3 }), [15, 15, 15, 15, 15, 15]).chosen).toMatchObject({ change: 'remove', dimmer: 1 });
  });

  test('does not give back a server when it is needed again before it could boot', () => {
    const slow = { ...model, bootSeconds: 240 };
    const rates = [22, 22, 40, 40, 40, 40, 40, 40, 40];
    const { chosen } = planCapacity(slow, {
      state: pool({ active: 2 }),
      forecast: { mean: rates, deviation: rates.map(() => 0.5), evidence: 10 },
      calibration: uncalibrated,
    });
    expect(chosen.change).toBe('none');
  });

  test('counts on a cold server for less', () => {
    const rates = [24, 24, 24, 24, 24, 24];
    const cold = plan(pool({ active: 2, served: [warm, 0, 0] }), rates);
    const hot = plan(pool({ active: 2 }), rates);
    expect(cold.nothing.lateChance).toBeGreaterThan(hot.nothing.lateChance);
  });

  test('always scores doing nothing, and does it unless its margin exceeds the uncertainty', () => {
    const states = fc.record({
      active: fc.integer({ min: 1, max: 3 }),
      dimmer: fc.constantFrom(...model.dimmerLevels, 0.9),
      jobs: fc.double({ min: 0, max: 100, noNaN: true }),
      rate: fc.double({ min: 1, max: 70, noNaN: true }),
      trend: fc.double({ min: -3, max: 3, noNaN: true }),
      deviation: fc.double({ min: 0.1, max: 8, noNaN: true }),
    });
    fc.assert(
      fc.property(states, ({ active, dimmer, jobs, rate, trend, deviation }) => {
        const rates = Array.from({ length: 6 }, (_, n) => Math.max(0, rate + n * trend));
        const { chosen, nothing, margin, uncertainty, candidates } = plan(
          pool({ active, dimmer, jobs }),
          rates,
          deviation,
        );
        expect(candidates).toContain(nothing);
        expect(nothing).toMatchObject({ change: 'none', dimmer });
        expect(margin).toBeGreaterThanOrEqual(0);
        expect(chosen === nothing).toBe(margin <= uncertainty);
        expect(candidates.map(({ utility }) => utility)).toEqual(
          candidates.map(({ utility }) => utility).sort((a, b) => b - a),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('never asks for what cannot be', () => {
    expect(plan(pool({ active: 3 }), [90, 90, 90]).candidates.some(({ change }) => change === 'add')).toBe(false);
    expect(plan(pool({ active: 1 }), [1, 1, 1]).candidates.some(({ change }) => change === 'remove')).toBe(false);
    const boots = plan(pool({ bootRemaining: 30 }), [20, 20, 20]).candidates;
    expect(boots.some(({ change }) => change === 'add')).toBe(false);
    expect(boots.some(({ change }) => change === 'remove')).toBe(true);
  });
});
