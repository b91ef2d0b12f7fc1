import { describe, expect, test } from 'vitest';
import {
  type AutonomyCase,
  type AutonomyRecord,
  type AutonomySurroundings,
  autonomyTiers,
  createRandom,
  evidenceBelow,
  missingForAuto,
  observeCase,
  rateAtLeast,
  rateAtMost,
  tierOf,
  unproven,
} from '../src/index.ts';

const day = 86_400_000;
const alone: AutonomySurroundings = { selfRecoveryAtMost: 0.3, likeCases: 0, likeSuccesses: 0, likeHarms: 0 };
const good = (at: number): AutonomyCase => ({ at: at * day, acted: true, success: 1, harm: false });
const useless = (at: number): AutonomyCase => ({ ...good(at), success: 0 });
const harmful = (at: number): AutonomyCase => ({ ...useless(at), harm: true });
const live = (
  cases: readonly AutonomyCase[],
  tier: keyof typeof autonomyTiers = 'low',
  around = alone,
  from: AutonomyRecord = unproven,
): AutonomyRecord => cases.reduce((record, one) => observeCase(record, one, autonomyTiers[tier], around), from);
const days = (many: number, from = 0) => Array.from({ length: many }, (_, index) => from + index);

describe('bounds that hold at any time', () => {
  test('need about 30 clean cases for harm of 10 % and 300 for 1 %', () => {
    expect(rateAtMost(0, 30, 0.05)).toBeCloseTo(0.1, 1);
    expect(rateAtMost(0, 300, 0.05)).toBeCloseTo(0.01, 2);
    expect(rateAtMost(0, 0, 0.05)).toBe(1);
  });

  test('lie on either side of what was seen', () => {
    expect(rateAtLeast(18, 20, 0.01)).toBeLessThan(0.9);
    expect(rateAtMost(2, 20, 0.01)).toBeGreaterThan(0.1);
    expect(rateAtLeast(180, 200, 0.01)).toBeGreaterThan(rateAtLeast(18, 20, 0.01));
  });

  test('are wrong at some time in no more runs than promised', () => {
    const random = createRandom(11);
    const [rate, alpha, runs] = [0.1, 0.1, 1_000];
    let wrong = 0;
    for (let run = 0; run < runs; run++) {
      let events = 0;
      for (let cases = 1; cases <= 200; cases++) {
        if (random.uniform() < rate) events += 1;
        if (evidenceBelow(rate, events, cases) < -Math.log(alpha)) continue;
        wrong += 1;
        break;
      }
    }
    expect(wrong / runs).toBeLessThanOrEqual(alpha);
    expect(wrong).toBeGreaterThan(0);
  });
});

describe('earned autonomy', () => {
  test('goes from observe over approve to auto, never at once', () => {
    expect(unproven.mode).toBe('observe');
    expect(live(days(3).map(good))).toMatchObject({ mode: 'approve' });
    expect(live(days(20).map(good))).toMatchObject({ mode: 'approve' });
    const earned = live(days(40).map(good));
    expect(earned).toMatchObject({ mode: 'auto' });
    expect(earned.reason).toMatch(/verified cases, with 0 of like targets, show success of at least \d+ % and harm/);
  });

  test('needs days, not only cases', () => {
    const oneDay = days(100).map((index) => good(index / 100));
    expect(live(oneDay)).toMatchObject({ mode: 'approve' });
    expect(missingForAuto(live(oneDay), autonomyTiers.low, alone)).toEqual(['14 more days of record']);
  });

  test('asks more of what can break more, and like targets help to show it', () => {
    const record = live(days(60).map(good), 'high');
    expect(record.mode).toBe('approve');
    expect(missingForAuto(record, autonomyTiers.high, alone)).toEqual([
      expect.stringMatching(/^harm shown to be at most 1\.0 %; so far at most [34]\.\d %$/),
    ]);
    const fleet = { ...alone, likeCases: 300, likeSuccesses: 290 };
    expect(live([good(61)], 'high', fleet, record).mode).toBe('auto');
    expect(tierOf(0.15).name).toBe('low');
    expect(tierOf(0.3).name).toBe('medium');
    expect(tierOf(0.7).name).toBe('high');
  });

  test('is not earned by doing what the problem does alone', () => {
    const often = { ...alone, selfRecoveryAtMost: 0.9 };
    const mixed = days(200).map((at) => (at % 10 < 8 ? good(at) : useless(at)));
    expect(live(mixed, 'low', often).mode).toBe('approve');
    expect(live(mixed).mode).toBe('auto');
  });

  test('ends with the first harm and takes clean cases to come back', () => {
    const earned = live(days(60).map(good));
    const lost = live([harmful(61)], 'low', alone, earned);
    expect(lost).toMatchObject({ mode: 'approve', cleanSinceDemotion: 0 });
    expect(lost.reason).toContain('made things worse');
    expect(live(days(4, 62).map(good), 'low', alone, lost).mode).toBe('approve');
    expect(live(days(9, 62).map(good), 'low', alone, lost).mode).toBe('auto');
  });

  test('ends within three cases that did not help', () => {
    const earned = live(days(60).map(good));
    const after = days(3, 61).map((_, index) => live(days(index + 1, 61).map(useless), 'low', alone, earned).mode);
    expect(after).toEqual(['auto', 'auto', 'approve']);
  });

  test('ends with the third of the last ten cases that did not help, whatever succeeded between them', () => {
    const earned = live(days(60).map(good));
    const mixed = days(7, 61).map((at) => (at % 3 === 1 ? useless(at) : good(at)));
    const lost = live(mixed, 'low', alone, earned);
    expect(live(mixed.slice(0, -1), 'low', alone, earned).mode).toBe('auto');
    expect(lost).toMatchObject({ mode: 'approve', reason: 'it did not help in 3 of its last 10 cases' });
    const spread = days(30, 61).map((at) => (at % 6 === 1 ? useless(at) : good(at)));
    expect(live(spread, 'low', alone, earned).mode).toBe('auto');
  });

  test('does not hold against it what failed before it was promoted', () => {
    const shaky = [...days(200).map((at) => (at % 4 === 3 ? useless(at) : good(at)))];
    const promoted = shaky.findIndex((_, index) => live(shaky.slice(0, index + 1)).mode === 'auto');
    expect(promoted).toBeGreaterThan(10);
    const since = live(shaky.slice(0, promoted + 1));
    expect(since.recent).toEqual([]);
    expect(live([useless(300), useless(301)], 'low', alone, since).mode).toBe('auto');
    expect(live([useless(300), useless(301), useless(302)], 'low', alone, since).mode).toBe('approve');
  });

  test('falls back to observe when approved acts keep doing harm', () => {
    expect(live([...days(5).map(good), ...days(3, 5).map(harmful)]).mode).toBe('observe');
  });
});

describe('luck', () => {
  test('does not promote actions that do nothing', () => {
    const random = createRandom(5);
    let promoted = 0;
    for (let run = 0; run < 400; run++) {
      const selfRecovery = 0.05 + 0.55 * random.uniform();
      const around = { ...alone, selfRecoveryAtMost: Math.min(1, selfRecovery + 0.1) };
      let record = unproven;
      for (let at = 0; at < 240 && record.mode !== 'auto'; at++) {
        const one = random.uniform() < selfRecovery ? good(3 * at) : useless(3 * at);
        record = observeCase(record, one, autonomyTiers.low, around);
      }
      if (record.mode === 'auto') promoted += 1;
    }
    expect(promoted / 400).toBeLessThan(0.01);
  });
});
