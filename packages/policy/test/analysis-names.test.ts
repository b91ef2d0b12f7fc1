import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasName, nameSetFrom } from '../src/analysis/name-set.ts';
import { pickName } from '../src/analysis/pick-name.ts';
import { globFrom } from '../src/index.ts';
import { textsOver } from './analysis-small-domain.ts';

const texts = textsOver(['a', 'b', 'z'], 6);
const pattern = fc.stringMatching(/^[ab*]{1,4}$/);
const set = fc.array(pattern, { minLength: 1, maxLength: 2 }).map((patterns) => nameSetFrom(patterns.map(globFrom)));

test('a name in all of some sets and none of others is found exactly when there is one', () => {
  fc.assert(
    fc.property(fc.array(set, { maxLength: 3 }), fc.array(set, { maxLength: 3 }), (all, none) => {
      const isIn = (name: string): boolean =>
        all.every((one) => hasName(one, name)) && !none.some((one) => hasName(one, name));
      const found = pickName(all, none);
      expect(found.kind).not.toBe('unsure');
      if (found.kind === 'some') expect(isIn(found.name)).toBe(true);
      else expect(texts.filter(isIn)).toEqual([]);
    }),
    { numRuns: 1_500 },
  );
});

test.each([
  [['a*b', '*ab'], ['ab'], 'some'],
  [['a*', '*a'], ['a', 'a*a'], 'none'],
  [['a*a', '*'], ['a*', 'b'], 'none'],
  [['*ab*', '*ba*'], ['*aba*', '*bab*', '*ab*ba*'], 'some'],
  [['*ab*', '*ba*'], ['*aba*', '*bab*', '*ab*ba*', '*ba*ab*'], 'none'],
] as const)('names in each of %j and outside %j: %s', (all, none, kind) => {
  const sets = (patterns: readonly string[]) => patterns.map((text) => nameSetFrom([globFrom(text)]));
  expect(pickName(sets(all), sets(none)).kind).toBe(kind);
});
