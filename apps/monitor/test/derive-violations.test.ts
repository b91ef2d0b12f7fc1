import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultSettings } from '../src/domain/settings.ts';
import { createMemory, measured, nothing, ofSeverity, said, second, start, subject, told } from './domain-fixture.ts';

describe('a threshold', () => {
  test('that is broken opens an episode, is silent while it stays so, and resolves', () => {
    const memory = createMemory();
    expect(said(memory.pass(start, [measured('a', 11, start)]))).toEqual(['opened a 1']);
    expect(said(memory.pass(start + second, [measured('a', 12, start + second)]))).toEqual([]);
    expect(said(memory.pass(start + 2 * second, [measured('a', 10, start + 2 * second)]))).toEqual(['resolved a 2']);
    expect([...memory.violations.values()]).toMatchObject([
      {
        state: 'resolved',
        episode: 1,
        startedAt: '2026-01-01T00:00:00.000Z',
        resolvedAt: '2026-01-01T00:00:02.000Z',
        value: 10,
      },
    ]);
    expect(said(memory.pass(start + 3 * second, [measured('a', 99, start + 3 * second)]))).toEqual(['opened a 1']);
    expect(memory.signal('a')).toMatchObject({ episode: 2, phase: 'firing' });
  });

  test('with a `for` must be broken that long without a gap', () => {
    const memory = createMemory();
    const seen = (value: number, at: number) => memory.pass(at, [measured('a', value, at, { forSeconds: 20 })]);
    expect(said(seen(11, start))).toEqual([]);
    expect(said(seen(11, start + 10 * second))).toEqual([]);
    expect(said(seen(9, start + 15 * second))).toEqual([]);
    expect(said(seen(11, start + 20 * second))).toEqual([]);
    expect(said(seen(11, start + 39 * second))).toEqual([]);
    expect(said(seen(11, start + 40 * second))).toEqual(['opened a 1']);
    expect([...memory.violations.values()]).toMatchObject([{ startedAt: '2026-01-01T00:00:20.000Z' }]);
    const gap = defaultSettings.staleAfterSeconds * second + 1;
    const other = createMemory();
    other.pass(start, [measured('a', 11, start, { forSeconds: 20 })]);
    expect(said(other.pass(start + gap, [measured('a', 11, start + gap, { forSeconds: 20 })]))).toEqual([]);
  });

  test('with hysteresis resolves only beyond its resolve threshold', () => {
    const memory = createMemory();
    const seen = (value: number, at: number) =>
      memory.pass(at, [measured('a', value, at, {}, { resolveThreshold: 5 })]);
    expect(said(seen(7, start))).toEqual([]);
    expect(said(seen(11, start + second))).toEqual(['opened a 1']);
    expect(said(seen(7, start + 2 * second))).toEqual([]);
    expect(said(seen(5, start + 3 * second))).toEqual(['resolved a 2']);
  });

  test('with a `resolveFor` must be kept that long; a relapse starts the wait anew', () => {
    const memory = createMemory();
    const seen = (value: number, at: number) => memory.pass(at, [measured('a', value, at, { resolveForSeconds: 10 })]);
    seen(11, start);
    expect(said(seen(1, start + second))).toEqual([]);
    expect(said(seen(11, start + 5 * second))).toEqual([]);
    expect(said(seen(1, start + 6 * second))).toEqual([]);
    expect(said(seen(1, start + 15 * second))).toEqual([]);
    expect(said(seen(1, start + 16 * second))).toEqual(['resolved a 2']);
  });
});

describe('what proves nothing', () => {
  test('changes nothing, is recorded, and turns stale', () => {
    const memory = createMemory();
    memory.pass(start, [measured('a', 11, start)]);
    const soon = start + 10 * second;
    expect(memory.pass(soon, [nothing('a', soon)])).toMatchObject({ changes: [], violations: [] });
    expect(memory.signal('a')).toMatchObject({ phase: 'firing', verdict: 'inconclusive', reason: 'unavailable' });
    const late = start + (defaultSettings.staleAfterSeconds + 1) * second;
    expect(memory.pass(late, [nothing('a', late)]).changes).toEqual([]);
    expect(memory.signal('a')).toMatchObject({ phase: 'firing', reason: 'stale' });
  });

  test('is not repeated to the other stages, however long it fires', () => {
    const memory = createMemory();
    memory.pass(start, [measured('a', 11, start)]);
    const due = start + 2 * defaultSettings.renotifySeconds * second;
    expect(said(memory.pass(due, [nothing('a', due)]))).toEqual([]);
    expect(said(memory.pass(due, [measured('a', 12, due)]))).toEqual(['repeated a 2']);
  });

  test('for a whole day closes the violation as abandoned', () => {
    const memory = createMemory();
    memory.pass(start, [measured('a', 11, start)]);
    const late = start + (defaultSettings.abandonAfterSeconds + 1) * second;
    const { announcements } = memory.pass(late, [nothing('a', late)]);
    expect(announcements).toMatchObject([{ kind: 'resolved', reason: expect.stringContaining('nothing conclusive') }]);
  });

  test('never moves a phase, whatever went before', () => {
    const looks = fc.array(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant(null)), { maxLength: 40 });
    fc.assert(
      fc.property(looks, (values) => {
        const memory = createMemory();
        values.forEach((value, index) => {
          const at = start + index * second;
          const before = memory.signal('a')?.phase;
          const derived = memory.pass(at, [value === null ? nothing('a', at) : measured('a', value, at)]);
          if (value === null) expect([derived.changes.length, memory.signal('a')?.phase]).toEqual([0, before]);
        });
      }),
    );
  });
});

describe('an alert', () => {
  test('fires at once, since it began, and resolves at once', () => {
    const memory = createMemory();
    const began = start - 60 * second;
    expect(said(memory.pass(start, [told('a', true, start, { startsAt: began })]))).toEqual(['opened a 1']);
    expect([...memory.violations.values()]).toMatchObject([
      { source: 'alertmanager', startedAt: '2025-12-31T23:59:00.000Z', detectedAt: '2026-01-01T00:00:00.000Z' },
    ]);
    expect(said(memory.pass(start + second, [told('a', false, start + second)]))).toEqual(['resolved a 2']);
  });

  test('and a query see one violation, and a fresh query decides when it is over', () => {
    const memory = createMemory();
    const sayer = subject('a');
    memory.pass(start, [measured('a', 11, start)]);
    expect(memory.pass(start + second, [told('a', true, start + second, { subject: sayer })]).changes).toEqual([]);
    expect(memory.pass(start + 2 * second, [told('a', false, start + 2 * second, { subject: sayer })]).changes).toEqual(
      [],
    );
    expect(said(memory.pass(start + 3 * second, [measured('a', 1, start + 3 * second)]))).toEqual(['resolved a 2']);
    const again = told('a', true, start + 4 * second, { subject: sayer, startsAt: start + second });
    expect(memory.pass(start + 4 * second, [again]).changes).toEqual([]);
    const anew = told('a', true, start + 5 * second, { subject: sayer });
    expect(said(memory.pass(start + 5 * second, [anew]))).toEqual(['opened a 1']);
  });

  test('is not undone by an older reading', () => {
    const memory = createMemory();
    memory.pass(start, [told('a', true, start, { subject: subject('a') })]);
    expect(memory.pass(start + second, [measured('a', 1, start - second)]).changes).toEqual([]);
  });
});

describe('suppression', () => {
  test('is told when it begins and when it ends', () => {
    const memory = createMemory();
    memory.pass(start, [told('a', true, start)]);
    const suppression = { by: 'silence', reference: 's1' } as const;
    const held = memory.pass(start + second, [told('a', true, start + second, { suppression })]);
    expect(held.announcements).toMatchObject([
      { kind: 'changed', reason: 'suppressed by silence s1', violation: { suppressed: suppression, revision: 2 } },
    ]);
    const free = memory.pass(start + 2 * second, [told('a', true, start + 2 * second)]);
    expect(free.announcements).toMatchObject([{ kind: 'changed', violation: { suppressed: null, revision: 3 } }]);
  });

  test('by a silence holds for what only a query sees, by component and rule', () => {
    const isMatch = ({ component, alertname }: Readonly<Record<string, string>>) =>
      component === 'a' && alertname === 'errors';
    const memory = createMemory({ silences: [{ id: 's2', isMatch }] });
    const { violations } = memory.pass(start, [measured('a', 11, start), measured('b', 11, start)]);
    expect(violations.map(({ suppressed }) => suppressed)).toEqual([{ by: 'silence', reference: 's2' }, null]);
  });
});

describe('an incident', () => {
  test('takes in every violation of its component', () => {
    const memory = createMemory();
    const { violations, incidents } = memory.pass(start, [
      measured('a', 11, start),
      measured('a', 11, start, { rule: 'latency' }),
      measured('b', 11, start),
    ]);
    expect(incidents).toHaveLength(2);
    expect(violations[0]?.incidentId).toBe(violations[1]?.incidentId);
    expect(violations[2]?.incidentId).not.toBe(violations[0]?.incidentId);
  });
});

test('a severity that the pack changes is told', () => {
  const memory = createMemory();
  memory.pass(start, [measured('a', 11, start)]);
  const { announcements } = memory.pass(start + second, [measured('a', 11, start + second, ofSeverity('critical'))]);
  expect(announcements).toMatchObject([{ kind: 'changed', reason: 'severity warning is now critical' }]);
});

test('a signal that flaps must hold its recovery, and becomes one episode', () => {
  const memory = createMemory();
  let at = start;
  const seen = (value: number) => {
    at += second;
    return said(memory.pass(at, [measured('a', value, at)]));
  };
  const turns = Array.from({ length: 20 }, (_, index) => seen(index % 2 === 0 ? 11 : 1));
  expect(turns.flat()).toEqual([
    'opened a 1',
    'resolved a 2',
    'opened a 1',
    'resolved a 2',
    'opened a 1',
    'resolved a 2',
    'opened a 1',
  ]);
  expect([...memory.violations.values()].at(-1)).toMatchObject({ state: 'firing', flapping: true });
  at += second;
  memory.pass(at, [measured('a', 1, at)]);
  at += defaultSettings.flapHoldSeconds * second;
  expect(said(memory.pass(at, [measured('a', 1, at)]))).toEqual(['resolved a 2']);
});

describe('a storm', () => {
  const many = Array.from({ length: 50 }, (_, index) => `c${String(index)}`);

  test('records everything, tells the most severe first, and the rest once it has passed', () => {
    const memory = createMemory();
    const observations = many.map((component, index) =>
      measured(component, 11, start, ofSeverity(index === 49 ? 'critical' : 'warning')),
    );
    const first = memory.pass(start, observations, { announcementsLeft: 10 });
    expect(first).toMatchObject({ heldBack: 40 });
    expect(first.violations).toHaveLength(50);
    expect(said(first)).toHaveLength(10);
    expect(said(first)).toContain('opened c49 1');
    const later = start + second;
    const rest = memory.pass(
      later,
      many.map((component) => measured(component, 11, later, ofSeverity(component === 'c49' ? 'critical' : 'warning'))),
    );
    expect(said(rest)).toHaveLength(40);
    expect(rest.announcements.every(({ kind }) => kind === 'repeated')).toBe(true);
    expect(memory.pass(later + second, [measured('c3', 11, later + second)]).announcements).toEqual([]);
  });

  test('tells one violation of every incident before a second of any', () => {
    const memory = createMemory();
    const rules = ['r1', 'r2', 'r3'];
    const observations = ['a', 'b', 'c'].flatMap((component) =>
      rules.map((rule) => measured(component, 11, start, { rule })),
    );
    const { announcements } = memory.pass(start, observations, { announcementsLeft: 3 });
    expect(announcements.map(({ violation }) => violation.component)).toEqual(['a', 'b', 'c']);
  });

  test('does not tell the end of what nobody heard of', () => {
    const memory = createMemory();
    memory.pass(start, [measured('a', 11, start)], { announcementsLeft: 0 });
    const ended = memory.pass(start + second, [measured('a', 1, start + second)]);
    expect([said(ended), ended.violations.length]).toEqual([[], 1]);
  });
});

test('the order of observations in a round does not decide what is derived', () => {
  const rounds = fc.uniqueArray(
    fc.record({ component: fc.constantFrom('a', 'b', 'c', 'd', 'e'), value: fc.integer({ min: 0, max: 20 }) }),
    {
      selector: ({ component }) => component,
    },
  );
  fc.assert(
    fc.property(rounds, (round) => {
      const [forward, backward] = [createMemory(), createMemory()];
      forward.pass(
        start,
        round.map(({ component, value }) => measured(component, value, start)),
      );
      backward.pass(
        start,
        round.toReversed().map(({ component, value }) => measured(component, value, start)),
      );
      const firing = (memory: typeof forward) =>
        [...memory.violations.values()].map(({ component }) => component).sort();
      expect(firing(forward)).toEqual(firing(backward));
    }),
  );
});

test('revisions count up without a hole, and episodes never overlap', () => {
  const looks = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 });
  fc.assert(
    fc.property(looks, (values) => {
      const memory = createMemory();
      const heard = values.flatMap((value, index) => {
        const at = start + index * 20 * second;
        return memory.pass(at, [measured('a', value, at)]).announcements;
      });
      for (const [id, told] of Map.groupBy(heard, ({ violation }) => violation.id)) {
        expect(
          told.map(({ violation }) => violation.revision),
          id,
        ).toEqual(told.map((_, index) => index + 1));
        expect(told.filter(({ kind }) => kind === 'resolved').length).toBeLessThanOrEqual(1);
      }
      expect([...memory.violations.values()].filter(({ state }) => state === 'firing').length).toBeLessThanOrEqual(1);
    }),
  );
});
