import { describe, expect, test } from 'vitest';
import { type EarnedFacts, type GrantFacts, grantKey, grantsToPublish } from '../src/domain/grants-to-publish.ts';

const scaling: EarnedFacts = {
  policy: '*',
  action: 'SCALE_UP',
  targetClass: 'service',
  mode: 'auto',
  reason: 'a long record',
};
const earned = [scaling];
const grant = (changes: Partial<GrantFacts>): GrantFacts => ({
  policy: null,
  action: 'SCALE_UP',
  targetClass: 'service',
  mode: 'approve',
  maximum: 'auto',
  ...changes,
});
const none = new Map<string, 'observe' | 'approve' | 'auto'>();

describe('what the charter is told', () => {
  test('is nothing where no person opened the way', () => {
    expect(grantsToPublish(earned, [], none)).toEqual([]);
    expect(grantsToPublish(earned, [grant({ action: null, targetClass: null })], none)).toEqual([]);
    expect(grantsToPublish(earned, [grant({ action: 'SCALE_DOWN' })], none)).toEqual([]);
  });

  test('is the earned mode, within the maximum of the grant that opened the way', () => {
    expect(grantsToPublish(earned, [grant({ targetClass: null, maximum: 'approve' })], none)).toMatchObject([
      { action: 'SCALE_UP', targetClass: 'service', mode: 'auto', maximum: 'approve' },
    ]);
  });

  test('is nothing new once it stands', () => {
    expect(grantsToPublish(earned, [grant({ mode: 'auto' })], none)).toEqual([]);
  });

  test('never raises what a person lowered, and still lowers it', () => {
    const told = new Map([[grantKey(grant({})), 'auto' as const]]);
    expect(grantsToPublish(earned, [grant({ mode: 'approve' })], told)).toEqual([]);
    const lost: EarnedFacts[] = [{ ...scaling, mode: 'observe', reason: 'harm' }];
    expect(grantsToPublish(lost, [grant({ mode: 'approve' })], told)).toMatchObject([{ mode: 'observe' }]);
  });

  test('follows each policy by itself', () => {
    const wishes = grantsToPublish(earned, [grant({ policy: 'shop' }), grant({ mode: 'auto' })], none);
    expect(wishes).toMatchObject([{ policy: 'shop', mode: 'auto' }]);
  });
});
