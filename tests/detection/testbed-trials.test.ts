import { runCalm } from '@charter/bench/testbed-days';
import { drawTrials, runTrial, type TrialResult } from '@charter/bench/testbed-trial';
import { describe, expect, test } from 'vitest';

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
