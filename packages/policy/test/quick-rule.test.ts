import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { QuickRule } from '../src/document/quick-rule.ts';
import { RuleDocument } from '../src/index.ts';
import { nativeDocument } from './policy-arbitrary.ts';

const runs = process.env.CHARTER_FULL === '1' ? 20_000 : 1_000;
const rule = nativeDocument.map(({ rules: [first] }): RuleDocument => JSON.parse(JSON.stringify(first)));

/** Values on both sides of every bound, and of every kind. */
const part = fc.oneof(
  fc.constantFrom<unknown>(
    ['a', 'b*'],
    ['a'.repeat(256)],
    ['*'.repeat(8)],
    Array.from({ length: 256 }, () => 'a'),
  ),
  fc.anything({ withNullPrototype: true, maxDepth: 2 }),
  fc.constantFrom<unknown>(
    undefined,
    null,
    '',
    'a',
    [],
    [''],
    [undefined],
    new Array(1),
    ['a'.repeat(257)],
    ['*'.repeat(9)],
    Array.from({ length: 257 }, () => 'a'),
    {},
    { actions: ['a'], roles: undefined },
    Object.create({ actions: ['a'] }),
    Object.create(null, { actions: { value: ['a'], enumerable: true } }),
    Object.defineProperty({ roles: ['b'] }, 'actions', { value: ['a'], enumerable: false }),
  ),
);
const editOf = ({ shape }: { readonly shape: object }, isInMatch: boolean) =>
  fc.record({
    key: fc.constantFrom(...Object.keys(shape), '__proto__', 'wen'),
    put: part,
    isInMatch: fc.constant(isInMatch),
  });
const edit = fc.oneof({ arbitrary: editOf(RuleDocument.shape.match, true), weight: 3 }, editOf(RuleDocument, false));

/** What a value becomes, with the order of its keys; null when it is refused. */
function outcome(schema: typeof RuleDocument | typeof QuickRule, value: unknown): string | null {
  const parsed = schema.safeParse(value);
  return parsed.success
    ? JSON.stringify(parsed.data, (_key, inner: unknown) => (inner === undefined ? '?' : inner))
    : null;
}

describe('the quick look at a rule', () => {
  test('makes of a well-formed rule what the schema makes of it', () => {
    fc.assert(
      fc.property(rule, (value) => {
        expect(outcome(QuickRule, value)).not.toBeNull();
        expect(outcome(QuickRule, value)).toBe(outcome(RuleDocument, value));
      }),
      { numRuns: runs },
    );
  });

  test('accepts nothing that the schema refuses, and makes nothing else of it', () => {
    let accepted = 0;
    fc.assert(
      fc.property(rule, edit, (value, { key, put, isInMatch }) => {
        const edited = isInMatch ? { ...value, match: { ...value.match, [key]: put } } : { ...value, [key]: put };
        const quick = outcome(QuickRule, edited);
        if (quick === null) return;
        accepted += 1;
        expect(quick).toBe(outcome(RuleDocument, edited));
      }),
      { numRuns: runs },
    );
    expect(accepted).toBeGreaterThan(runs / 20);
  });

  test('holds a copy, not what it was given', () => {
    const value = { id: 'a', effect: 'allow', match: { actions: ['x'] } };
    const { match } = QuickRule.parse(value);
    value.match.actions.push('y');
    expect(match).toEqual({ actions: ['x'] });
  });
});
