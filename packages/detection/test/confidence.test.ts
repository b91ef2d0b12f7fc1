import { describe, expect, test } from 'vitest';
import { fitCalibration, rankRootCauses } from '../src/index.ts';
import { INCIDENT_AT, series } from './synthetic.ts';

describe('confidence', () => {
  test('fitted on outcomes in which only a clear lead was right, grows with the lead', () => {
    const samples = Array.from({ length: 80 }, (_, i) => ({ score: 0.8, lead: (i % 8) / 20, correct: i % 8 > 3 }));
    const fitted = fitCalibration(samples);
    const input = (other: number) => ({
      detectedAt: INCIDENT_AT,
      series: [series('a', 'cpu_usage_percent', 20, 70, 1), series('b', 'cpu_usage_percent', 20, other, 2)],
    });
    const clear = rankRootCauses(input(0), { calibration: fitted }).confidence;
    const close = rankRootCauses(input(65), { calibration: fitted }).confidence;
    expect(clear).toBeGreaterThan(0.8);
    expect(close).toBeLessThan(0.3);
  });

  test('with many outcomes is corrected until it matches how often they were right', () => {
    const samples = Array.from({ length: 400 }, (_, i) => ({ score: 1, lead: (i % 10) / 25, correct: i % 3 === 0 }));
    const steps = fitCalibration(samples).steps;
    expect(steps.length).toBeGreaterThan(0);
    expect(steps.every((step) => step.confidence > 0.2 && step.confidence < 0.5)).toBe(true);
  });

  test('of all components adds up to no more than one', () => {
    const answer = rankRootCauses({
      detectedAt: INCIDENT_AT,
      series: Array.from({ length: 20 }, (_, i) => series(`c${String(i)}`, 'cpu_usage_percent', 20, i, i + 1)),
    });
    const total = answer.rootCauses.reduce((sum, one) => sum + one.confidence, 0);
    expect(total).toBeLessThanOrEqual(1.000001);
    expect(answer.rootCauses.every((one, i, all) => i === 0 || one.confidence <= (all[i - 1]?.confidence ?? 1))).toBe(
      true,
    );
  });
});
