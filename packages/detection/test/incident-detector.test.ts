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

  /** Calm minutes in which `change` may alter the row of web latency, store latency, store CPU and search CPU. */
  function alarmsUnder(minutes: number, change: (row: number[], minute: number) => void): IncidentAlarm[] {
    const detector = createIncidentDetector({ identities, topology });
    const random = noise(5);
    return Array.from({ length: minutes }, (_, i) => {
      const row = [0.2 + 0.01 * random(), 0.05 + 0.002 * random(), 20 + random(), 30 + random()];
      change(row, i);
      return detector.push(i * 60, row);
    }).filter((alarm) => alarm !== undefined);
  }

  test('waits for a second row when one latency is the only evidence', () => {
    const slowFor = (rows: number) =>
      alarmsUnder(200, (row, i) => {
        if (i >= 100 && i < 100 + rows) row[1] = 2;
      });
    expect(slowFor(1)).toEqual([]);
    expect(slowFor(3)).toMatchObject([{ component: 'store', at: 101 * 60 }]);
  });

  test('does not take a tiny change of a steady series for trouble', () => {
    const alarms = alarmsUnder(200, (row, i) => {
      row[1] = i >= 100 && i < 104 ? 0.0503 : 0.05;
      row[2] = i >= 100 && i < 104 ? 20.4 : 20;
    });
    expect(alarms).toEqual([]);
  });

  test('does not raise again what an episode left behind', () => {
    const alarms = alarmsUnder(200, (row, i) => {
      if (i >= 100 && i < 104) row[1] = 2;
      if (i >= 101 && i < 140) row[2] = 95;
    });
    expect(alarms).toHaveLength(1);
  });
});
