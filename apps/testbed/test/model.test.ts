import { describe, expect, test } from 'vitest';
import {
  COMPONENTS,
  createTestbed,
  type MetricFamily,
  missedObjectives,
  restoreTestbed,
  type Testbed,
  trafficAt,
} from '../src/model/index.ts';

function valueIn(testbed: Testbed, name: string, labels: Record<string, string>): number {
  const family = testbed.metrics().find((one) => one.name === name);
  if (!family || family.type === 'histogram') throw new Error(`no plain family ${name}`);
  return family.samples
    .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
    .reduce((sum, sample) => sum + sample.value, 0);
}

describe('the model', () => {
  const eventful = (seed: number): Testbed => {
    const testbed = createTestbed({ seed });
    testbed.advance(10);
    testbed.injectFault({ kind: 'traffic_surge', component: 'catalog', intensity: 0.9, durationSeconds: 20 });
    testbed.advance(10);
    testbed.actuate('catalog', { actuator: 'scale', replicas: 10 });
    testbed.injectFault({ kind: 'crash', component: 'cache', intensity: 0.7, durationSeconds: 20 });
    testbed.advance(30);
    return testbed;
  };

  test('gives the same history for the same seed and calls, and another for another seed', () => {
    expect(eventful(5).save()).toEqual(eventful(5).save());
    expect(eventful(6).metrics()).not.toEqual(eventful(5).metrics());
  });

  test('goes on from a saved state as if it had never stopped', () => {
    const straight = eventful(5);
    const saved = restoreTestbed(JSON.parse(JSON.stringify(eventful(5).save())));
    straight.advance(60);
    saved.advance(60);
    expect(saved.save()).toEqual(straight.save());
  });

  test('does not depend on how the time is cut into calls', () => {
    const whole = createTestbed({ seed: 3 });
    const cut = createTestbed({ seed: 3 });
    whole.advance(30);
    for (let call = 0; call < 300; call += 1) cut.advance(0.1);
    expect(cut.now()).toBe(30);
    expect(cut.metrics()).toEqual(whole.metrics());
  });

  test('loses no request: arrivals are answered with some code or still wait', () => {
    const testbed = eventful(7);
    const world = testbed.save();
    for (const name of COMPONENTS) {
      const { totals, zones } = world.components[name];
      const answered = Object.values(totals.codes).reduce((sum, count) => sum + count, 0);
      expect(answered + zones.a.queue + zones.b.queue, name).toBe(totals.arrivals);
    }
  });

  test('keeps histograms cumulative and no larger than their count', () => {
    const families = eventful(8).metrics();
    const histograms = families.filter(
      (family): family is MetricFamily & { type: 'histogram' } => family.type === 'histogram',
    );
    expect(histograms).toHaveLength(2);
    for (const { samples } of histograms) {
      for (const { histogram } of samples) {
        expect([...histogram.buckets].sort((a, b) => a - b)).toEqual(histogram.buckets);
        expect(histogram.buckets.at(-1)).toBeLessThanOrEqual(histogram.count);
      }
    }
  });

  test('serves about as many requests as the day sends', () => {
    const testbed = createTestbed({ seed: 2, dayLengthSeconds: 600 });
    testbed.advance(600);
    let sent = 0;
    for (let second = 0; second < 600; second += 1) sent += trafficAt(150 + second, 600);
    const served = valueIn(testbed, 'testbed_requests_total', { component: 'gateway' });
    expect(Math.abs(served - sent) / sent).toBeLessThan(0.02);
  });

  test('answers faster when it has more replicas, and follows 1 / (1 - load)', () => {
    const p95 = (replicas: number): number => {
      const testbed = createTestbed({ seed: 4, startOfDaySeconds: 43_200 });
      testbed.actuate('database', { actuator: 'scale', replicas });
      testbed.advance(60);
      return testbed.signals(10).database.latencyP95Seconds;
    };
    const [few, many] = [p95(3), p95(12)];
    expect(few / many).toBeGreaterThan(1.6);
    expect(few / many).toBeLessThan(4);
  });

  test('builds a backlog above capacity and drains it afterwards', () => {
    const testbed = createTestbed({ seed: 9 });
    testbed.advance(10);
    testbed.injectFault({ kind: 'traffic_surge', component: 'payments', intensity: 1, durationSeconds: 10 });
    testbed.advance(8);
    expect(testbed.state().payments.queueDepth).toBeGreaterThan(40);
    testbed.advance(15);
    expect(testbed.state().payments.queueDepth).toBeLessThan(10);
  });

  test('lets a slow dependency occupy the workers of its callers and raise their latency, not their processor time', () => {
    const testbed = createTestbed({ seed: 9 });
    testbed.advance(20);
    const before = {
      busy: valueIn(testbed, 'testbed_workers_busy_ratio', { component: 'orders' }),
      ...testbed.signals(10).orders,
    };
    testbed.injectFault({ kind: 'dependency_slowdown', component: 'database', intensity: 0.8, durationSeconds: 60 });
    testbed.advance(20);
    const after = {
      busy: valueIn(testbed, 'testbed_workers_busy_ratio', { component: 'orders' }),
      ...testbed.signals(10).orders,
    };
    expect(after.busy).toBeGreaterThan(1.5 * before.busy);
    expect(after.latencyP95Seconds).toBeGreaterThan(1.5 * before.latencyP95Seconds);
    expect(after.utilization).toBeLessThan(1.3 * before.utilization);
  });

  test('repeats failed calls to a dependency, and sends misses of a failed cache to the database', () => {
    const testbed = createTestbed({ seed: 9 });
    testbed.advance(20);
    const before = testbed.signals(10).database.requestsPerSecond;
    testbed.injectFault({ kind: 'crash', component: 'cache', intensity: 1, durationSeconds: 60 });
    testbed.advance(15);
    expect(testbed.signals(10).database.requestsPerSecond).toBeGreaterThan(1.4 * before);
    expect(valueIn(testbed, 'testbed_edge_retries_total', { source: 'catalog', destination: 'cache' })).toBeGreaterThan(
      100,
    );
  });

  test.each([
    { name: 'a whole day', stepSeconds: 1, dayLengthSeconds: 86_400 },
    { name: 'a compressed day in fine steps', stepSeconds: 0.2, dayLengthSeconds: 3600 },
  ])(
    'misses no objective without faults over $name',
    ({ stepSeconds, dayLengthSeconds }) => {
      const testbed = createTestbed({ seed: 21, stepSeconds, dayLengthSeconds });
      testbed.advance(12);
      const missed: string[] = [];
      while (testbed.now() < dayLengthSeconds) {
        testbed.advance(10);
        const signals = testbed.signals(10);
        for (const name of COMPONENTS)
          missed.push(...missedObjectives(name, signals[name]).map((part) => `${name} ${part}`));
      }
      expect(missed).toEqual([]);
    },
    60_000,
  );
});
