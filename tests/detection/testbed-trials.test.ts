import { COMPONENTS, createTestbed } from '@charter/app-testbed/model';
import { runCalm } from '@charter/bench/testbed-days';
import { pack } from '@charter/bench/testbed-pack';
import { prometheusOf } from '@charter/bench/testbed-prometheus';
import { drawTrials, runTrial, type TrialResult } from '@charter/bench/testbed-trial';
import { describe, expect, test } from 'vitest';

test('the rules of the pack read from the scrapes what the testbed knows of itself', () => {
  const testbed = createTestbed({ seed: 5 });
  const prometheus = prometheusOf(testbed, 0);
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

describe('the loop on a testbed under the virtual clock', () => {
  test('blames the component that was struck, whatever the kind of fault, in at least 95 of 100 trials', {
    timeout: 60_000,
  }, async () => {
    const results: TrialResult[] = [];
    for (const trial of drawTrials(22)) results.push(await runTrial(trial));
    const wrong = results.filter(({ trial, blamed }) => blamed !== trial.component);
    expect(wrong.length, JSON.stringify(wrong, null, 2)).toBeLessThanOrEqual(results.length * 0.05);
    const unseen = results.filter(({ detectedAfterSeconds }) => detectedAfterSeconds === null);
    expect(unseen).toEqual([]);
  });

  test('finds more than the rule that blames whoever fired first', async () => {
    const surges = drawTrials(66).filter(({ kind }) => kind === 'traffic_surge' || kind === 'latency');
    const results: TrialResult[] = [];
    for (const trial of surges) results.push(await runTrial(trial));
    const right = (of: 'blamed' | 'firstFired'): number =>
      results.filter((result) => result[of] === result.trial.component).length;
    expect(right('blamed')).toBeGreaterThan(right('firstFired'));
  });

  test('repeats a trial exactly', async () => {
    const [trial] = drawTrials(1);
    if (!trial) throw new Error('no trial was drawn');
    expect(await runTrial(trial)).toEqual(await runTrial(trial));
  });

  test('raises at most one incident in an hour without a fault', () => {
    expect(runCalm(1, 3_600).incidents.length).toBeLessThanOrEqual(1);
  });
});
