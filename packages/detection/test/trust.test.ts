import { describe, expect, test } from 'vitest';
import { scorerTuning } from '../src/scorer-tuning.ts';
import { createTrust, type Trust } from '../src/trust.ts';

/** Three detectors; the first alarms alone in every `alone`-th sample, all alarm together in every hundredth. */
function taught(samples: number, alone: number, trust: Trust = createTrust(3, scorerTuning.trust)): Trust {
  for (let i = 1; i <= samples; i++) {
    const together = i % 100 === 0 ? 3 : 0;
    trust.learn(Float64Array.of(0, i % alone === 0 ? 3 : together, 0, together, 0, together));
  }
  return trust;
}

describe('trust in the detectors of a series', () => {
  test('falls for one that alarms alone again and again, but never to nothing', () => {
    const [noisy = 0, ...others] = taught(4_000, 7).weights;
    expect(noisy).toBeLessThan(0.85);
    expect(noisy).toBeGreaterThan(0.3);
    expect(others.every((weight) => weight > 1 && weight <= 3)).toBe(true);
  });

  test('is equal as long as detectors agree', () => {
    expect(Array.from(taught(4_000, Number.POSITIVE_INFINITY).weights)).toEqual([1, 1, 1]);
  });

  test('is hardly touched by a lone alarm within the budget', () => {
    expect(taught(4_000, 2_000).weights[0]).toBeGreaterThan(0.85);
  });

  test('comes back when the detector behaves', () => {
    const before = taught(4_000, 7);
    const after = taught(8_000, Number.POSITIVE_INFINITY, taught(4_000, 7));
    expect(after.weights[0]).toBeGreaterThan(before.weights[0] ?? 1);
  });

  test('goes on from its saved state as if it had never stopped', () => {
    const first = taught(1_003, 7);
    const restored = createTrust(3, scorerTuning.trust, JSON.parse(JSON.stringify(first.state())));
    expect(Array.from(taught(500, 7, restored).weights)).toEqual(Array.from(taught(500, 7, first).weights));
  });
});
