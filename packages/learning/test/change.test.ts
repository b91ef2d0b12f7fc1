import { describe, expect, test } from 'vitest';
import {
  addTrial,
  carriedBy,
  changeIn,
  createRandom,
  emptyTally,
  meanOf,
  pooledBelief,
  sinceChange,
  successBelief,
  type Tally,
} from '../src/index.ts';

const hour = 3_600_000;
const halfLife = 90;
/** Trials an hour apart, as a string of 1 and 0. */
const lived = (results: string, from = 0): Tally =>
  [...results].reduce(
    (tally, one, index) =>
      addTrial(
        tally,
        { success: Number(one), harm: false, sideEffect: false, seconds: null, at: (from + index) * hour },
        halfLife,
      ),
    emptyTally,
  );
const mean = (tally: Tally): number => meanOf(successBelief({ alpha: 1, beta: 1 }, tally));

describe('a change', () => {
  test('is seen within three failures of what always helped, at the first of them', () => {
    const before = '1'.repeat(60);
    expect(changeIn([lived(before)], halfLife)).toBeNull();
    expect(changeIn([lived(`${before}0`)], halfLife)).toBeNull();
    const change = changeIn([lived(`${before}000`)], halfLife);
    expect(change).toMatchObject({ at: 60 * hour, since: 0, trials: 3 });
    expect(change?.before).toBeCloseTo(1, 6);
  });

  test('is seen for the better as well', () => {
    expect(changeIn([lived(`${'0'.repeat(30)}11111`)], halfLife)).toMatchObject({ at: 30 * hour, before: 0, since: 1 });
  });

  test('adds up over tallies that each saw little of it', () => {
    const each = (from: number) => lived(`${'1'.repeat(20)}0`, from);
    expect(changeIn([each(0)], halfLife)).toBeNull();
    expect(changeIn([each(0), each(0.1), each(0.2), each(0.3)], halfLife)).toMatchObject({ since: 0, trials: 4 });
  });

  test('is not made of tallies of different rates that are tried in turn', () => {
    const [good, poor] = [lived('1'.repeat(40)), lived('0'.repeat(40), 40)];
    expect(changeIn([good, poor], halfLife)).toBeNull();
  });

  test('stays seen after more trials than are remembered one by one', () => {
    const long = lived(`${'1'.repeat(200)}${'0'.repeat(45)}`);
    const change = changeIn([long], halfLife);
    expect(change).not.toBeNull();
    expect(mean(sinceChange(long, change?.at ?? 0, halfLife))).toBeLessThan(0.1);
  });

  test('is hardly ever seen where there is none', () => {
    const random = createRandom(3);
    let [seen, looks] = [0, 0];
    for (let run = 0; run < 40; run++) {
      const rate = 0.3 + 0.65 * random.uniform();
      let tally = emptyTally;
      for (let trial = 0; trial < 150; trial++) {
        const success = random.uniform() < rate ? 1 : 0;
        const one = { success, harm: false, sideEffect: false, seconds: null, at: trial * hour };
        tally = addTrial(tally, one, halfLife);
        looks += 1;
        if (changeIn([tally], halfLife)) seen += 1;
      }
    }
    expect(seen / looks).toBeLessThan(0.03);
  });

  test('shortens the memory of success, not that of harm nor the count of trials', () => {
    const before = addTrial(
      lived('1'.repeat(60)),
      { success: 0, harm: true, sideEffect: false, seconds: null, at: 0 },
      halfLife,
    );
    const tally = addTrial(
      before,
      { success: 0, harm: false, sideEffect: false, seconds: null, at: 90 * hour },
      halfLife,
    );
    const present = sinceChange(tally, 90 * hour, halfLife);
    expect(mean(tally)).toBeGreaterThan(0.9);
    expect(mean(present)).toBeLessThan(0.4);
    expect(present).toMatchObject({ harms: tally.harms, trials: 62 });
  });

  test('is taken back with the trials it rests on', () => {
    const failed = { success: 0, harm: false, sideEffect: false, seconds: null };
    const tally = lived(`${'1'.repeat(20)}000`);
    expect(changeIn([tally], halfLife)).not.toBeNull();
    const corrected = [20, 21].reduce((sum, at) => addTrial(sum, { ...failed, at: at * hour }, halfLife, -1), tally);
    expect(changeIn([corrected], halfLife)).toBeNull();
  });
});

describe('what is known of the like', () => {
  const likes = { alpha: 70, beta: 30 };

  test('counts in full where own trials agree, and gives way where they contradict', () => {
    expect(carriedBy(likes, emptyTally)).toBe(10);
    expect(carriedBy(likes, lived('1101101101'))).toBe(10);
    expect(carriedBy(likes, lived('00000'))).toBe(1);
    expect(meanOf(pooledBelief([lived('1'.repeat(200)), lived('0000')]))).toBeLessThan(0.3);
  });
});
