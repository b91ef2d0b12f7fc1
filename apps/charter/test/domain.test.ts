import type { AutomationMode } from '@charter/shared/contracts';
import { isWindowOpen, Window } from '@charter/shared/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CastVote, tallyOf, voteRefusal } from '../src/domain/approval-votes.ts';
import { effectiveAutomation } from '../src/domain/automation.ts';
import { coversTarget } from '../src/domain/open-windows.ts';
import { usedUp } from '../src/domain/usage.ts';

const window = (rest: object) =>
  Window.parse({ apiVersion: 'charter/v1', kind: 'Window', metadata: { name: 'w' }, type: 'freeze', ...rest });

describe('windows', () => {
  const hours = window({ weekly: { days: ['mon', 'fri'], start: '08:00', end: '17:30' } });
  const night = window({ weekly: { days: ['fri'], start: '22:00', end: '04:00' } });
  test.each([
    [hours, '2026-01-05T08:00:00Z', true],
    [hours, '2026-01-05T07:59:59Z', false],
    [hours, '2026-01-05T17:30:00Z', false],
    [hours, '2026-01-06T10:00:00Z', false],
    [night, '2026-01-09T23:00:00Z', true],
    [night, '2026-01-10T03:59:59Z', true],
    [night, '2026-01-10T04:00:00Z', false],
    [night, '2026-01-09T03:00:00Z', false],
    [window({ from: '2026-01-01T00:00:00Z', until: '2026-01-02T00:00:00Z' }), '2026-01-01T00:00:00Z', true],
    [window({ from: '2026-01-01T00:00:00Z', until: '2026-01-02T00:00:00Z' }), '2026-01-02T00:00:00Z', false],
  ])('%# is open at its time and not outside it', (given, at, open) => {
    expect(isWindowOpen(given, Date.parse(at))).toBe(open);
  });

  test.each([
    [['*'], undefined, true],
    [['*'], 'db', true],
    [['check*'], 'checkout', true],
    [['check*'], 'db', false],
    [['check*'], undefined, false],
  ])('for %j and target %s: %s', (targets, target, covers) => {
    expect(coversTarget(window({ targets, from: '2026-01-01T00:00:00Z', until: '2026-01-02T00:00:00Z' }), target)).toBe(
      covers,
    );
  });
});

describe('votes', () => {
  const groups = new Map([
    ['sre', { members: new Set(['ann', 'ben']), next: 'leads' }],
    ['leads', { members: new Set(['cleo']), next: null }],
  ]);
  const approve = (...people: string[]): CastVote[] => people.map((by) => ({ by, vote: 'approve' }));
  const rules = { quorum: 2, approvers: ['sre'], fourEyes: true, requesters: ['ann'], isEscalated: false };

  test('count people, not votes', () => {
    expect(tallyOf(approve('ann', 'ann'), rules, groups)).toBe('pending');
    expect(tallyOf(approve('ann', 'ben'), rules, groups)).toBe('approved');
    expect(tallyOf(approve('ann', 'eve'), rules, groups)).toBe('pending');
    expect(tallyOf([...approve('ann', 'ben'), { by: 'eve', vote: 'reject' }], rules, groups)).toBe('rejected');
  });

  test('of the next group count once the first kept silent', () => {
    const votes = approve('ben', 'cleo');
    expect(tallyOf(votes, rules, groups)).toBe('pending');
    expect(tallyOf(votes, { ...rules, isEscalated: true }, groups)).toBe('approved');
    expect(voteRefusal({ by: 'cleo', vote: 'approve' }, rules, groups)).toContain('none of sre');
  });

  test('of a group that is not known count for nothing', () => {
    expect(tallyOf(approve('ann', 'ben'), { ...rules, approvers: ['dba'] }, groups)).toBe('pending');
    expect(voteRefusal({ by: 'ben', vote: 'approve' }, { ...rules, approvers: ['dba'] }, groups)).toContain(
      'none of dba',
    );
  });

  test('of who asked may reject, but not approve under four eyes', () => {
    expect(voteRefusal({ by: 'ann', vote: 'approve' }, rules, groups)).toContain('four eyes');
    expect(voteRefusal({ by: 'ann', vote: 'reject' }, rules, groups)).toBeNull();
    expect(voteRefusal({ by: 'ann', vote: 'approve' }, { ...rules, fourEyes: false }, groups)).toBeNull();
  });
});

describe('automation', () => {
  const mode = fc.constantFrom<AutomationMode>('observe', 'approve', 'auto');
  const part = (value: string) => fc.constantFrom('*', value, 'other');
  const grant = fc.record({ policy: part('p'), action: part('a'), targetClass: part('c'), mode, maximum: mode });
  const rank = (one: AutomationMode) => ['observe', 'approve', 'auto'].indexOf(one);
  const question = { policy: 'p', action: 'a', targetClass: 'c' };

  test('never exceeds the policy, the global mode or the grant', () => {
    fc.assert(
      fc.property(fc.array(grant, { maxLength: 8 }), fc.option(mode), (grants, maximum) => {
        const effective = effectiveAutomation(question, maximum, grants);
        if (maximum !== null) expect(rank(effective.mode)).toBeLessThanOrEqual(rank(maximum));
        if (effective.granted !== null) expect(rank(effective.mode)).toBeLessThanOrEqual(rank(effective.granted));
        expect(rank(effective.mode)).toBeLessThanOrEqual(rank(effective.global));
      }),
    );
  });

  test('observes where neither policy nor grant says anything, however high the global mode', () => {
    const global = { policy: '*', action: '*', targetClass: '*', mode: 'auto', maximum: 'auto' } as const;
    expect(effectiveAutomation(question, null, [global]).mode).toBe('observe');
    expect(effectiveAutomation(question, 'auto', [global]).mode).toBe('auto');
    expect(effectiveAutomation(question, null, [global, { ...global, policy: 'p' }]).mode).toBe('auto');
  });
});

test.each([
  [{ perMinute: 1, perDay: null }, { minute: 1, day: 1 }, '1 a minute'],
  [{ perMinute: 2, perDay: 3 }, { minute: 1, day: 3 }, '3 a day'],
  [{ perMinute: 2, perDay: 3 }, { minute: 1, day: 2 }, null],
  [{ perMinute: null, perDay: 0 }, { minute: 0, day: 0 }, '0 a day'],
])('a limit %j after %j is used up: %s', (limit, usage, text) => {
  const said = usedUp({ perHour: null, concurrent: null, blastRadius: null, ...limit }, usage);
  if (text === null) expect(said).toBeNull();
  else expect(said).toContain(text);
});
