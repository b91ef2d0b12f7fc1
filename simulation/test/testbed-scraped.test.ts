import { COMPONENTS, createTestbed, restoreTestbed } from '@charter/app-testbed/model';
import { expect, test } from 'vitest';
import { pack } from '../src/testbed/demo-pack.ts';
import { scrape } from '../src/testbed/scraped-testbed.ts';

test('the rules of the pack read from the scrapes what the testbed knows of itself', () => {
  const testbed = createTestbed({ seed: 5 });
  const prometheus = scrape(testbed, { keepSeconds: 0 });
  testbed.injectFault({ kind: 'latency', component: 'payments', intensity: 0.8, durationSeconds: 60 });
  testbed.injectFault({ kind: 'error_burst', component: 'catalog', intensity: 0.8, durationSeconds: 60 });
  for (let second = 0; second < 30; second += 1) prometheus.tick();
  const known = testbed.signals(9);
  const state = testbed.state();
  const read = (rule: string, component: string): number | undefined =>
    prometheus
      .vector(pack.rules.find(({ metadata }) => metadata.name === rule)?.query ?? '')
      .find(({ labels }) => labels.component === component)?.value;
  for (const name of COMPONENTS) {
    expect(read('slow', name), name).toBeCloseTo(
      known[name].latencyP95Seconds / state[name].objective.latencyP95Seconds,
      6,
    );
    expect(read('failing', name), name).toBeCloseTo(known[name].errorRatio, 6);
    expect(read('saturated', name), name).toBeCloseTo(known[name].utilization, 6);
    expect(read('out-of-memory', name), name).toBeCloseTo(known[name].memoryRatio, 6);
  }
  expect(read('slow', 'payments')).toBeGreaterThan(1);
  expect(read('failing', 'catalog')).toBeGreaterThan(0.05);
});

test('a copy of a testbed goes on with the past of the one it was copied from', () => {
  const testbed = createTestbed({ seed: 7 });
  const prometheus = scrape(testbed, { keepSeconds: 60 });
  for (let second = 0; second < 20; second += 1) prometheus.tick();
  const copy = prometheus.fork(restoreTestbed(testbed.save()));
  const [rule] = pack.rules;
  const query = rule?.query ?? '';
  for (let second = 0; second < 5; second += 1) {
    expect(copy.tick()).toBe(prometheus.tick());
    expect(copy.vector(query)).toEqual(prometheus.vector(query));
  }
});
