import { describe, expect, test } from 'vitest';
import { createIncidentDetector, type IncidentAlarm } from '../src/index.ts';
import { noise } from './synthetic.ts';

const identities = [
  { component: 'web', metric: 'latency_p95' },
  { component: 'store', metric: 'latency_p95' },
  { component: 'store', metric: 'cpu_usage_percent' },
  { component: 'search', metric: 'cpu_usage_percent' },
];
const topology = { edges: [{ from: 'web', to: 'store' }] };

/** Minutes of a small system in which `faults` slow the store down; returns the alarms. */
function alarmsOf(minutes: number, faults: readonly (readonly [number, number])[]): IncidentAlarm[] {
  const detector = createIncidentDetector({ identities, topology });
  const random = noise(11);
  const alarms: IncidentAlarm[] = [];
  for (let i = 0; i < minutes; i++) {
    const broken = faults.some(([from, to]) => i >= from && i < to);
    const row = [0.2 + 0.01 * random(), 0.05 + 0.002 * random(), 20 + random(), 30 + random()];
    if (broken) {
      row[0] = 0.8;
      row[1] = 0.65;
      row[2] = 90;
    }
    const alarm = detector.push(i * 60, row);
    if (alarm) alarms.push(alarm);
  }
  return alarms;
}

describe('incident detection without an injection time', () => {
  test('raises one alarm per episode, at once, and names the culprit', () => {
    const alarms = alarmsOf(300, [
      [100, 105],
      [200, 206],
    ]);
    expect(alarms.map((one) => one.component)).toEqual(['store', 'store']);
    expect(alarms[0]?.at).toBeLessThanOrEqual(101 * 60);
    expect(alarms[1]?.at).toBeLessThanOrEqual(201 * 60);
  });

  test('stays quiet for a day without faults', () => {
    expect(alarmsOf(1440, [])).toEqual([]);
  });

  test('accepts a lasting change as the new normal instead of alarming for ever', () => {
    expect(alarmsOf(400, [[100, 400]]).length).toBeLessThan(10);
  });

  test('learns nothing while in alarm: a second fault of the same size is as visible', () => {
    const alarms = alarmsOf(400, [
      [100, 108],
      [150, 158],
      [200, 208],
      [250, 258],
    ]);
    expect(alarms).toHaveLength(4);
  });
});
