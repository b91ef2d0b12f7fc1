import type { PauseScope } from '@charter/shared/contracts';
import { describe, expect, test } from 'vitest';
import { permitFor } from '../src/domain/permit-for.ts';

const now = new Date('2026-01-01T00:00:00.000Z');
const pause = (scope: PauseScope) => ({ scope, reason: 'release night', by: 'ada', since: now.toISOString() });

describe('a permit', () => {
  test('is granted for five seconds when nothing is paused', () => {
    expect(permitFor({ group: 'shop', policies: [] }, [], now)).toMatchObject({
      granted: true,
      reason: null,
      expiresAt: '2026-01-01T00:00:05.000Z',
    });
  });

  test.each<[string, PauseScope, boolean]>([
    ['everything', { kind: 'global' }, false],
    ['its group', { kind: 'group', name: 'shop' }, false],
    ['another group', { kind: 'group', name: 'billing' }, true],
    ['its policy', { kind: 'policy', name: 'restarts' }, false],
    ['another policy', { kind: 'policy', name: 'scaling' }, true],
  ])('with %s paused', (_what, scope, granted) => {
    const permit = permitFor({ group: 'shop', policies: ['restarts'] }, [pause(scope)], now);
    expect(permit.granted).toBe(granted);
  });

  test('that is refused says who paused what, since when and why', () => {
    const { reason } = permitFor({ group: 'shop', policies: [] }, [pause({ kind: 'global' })], now);
    expect(reason).toBe('Paused (global) by ada since 2026-01-01T00:00:00.000Z: release night');
  });
});
