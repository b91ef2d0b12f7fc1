import { createHash } from 'node:crypto';
import { canonicalJson } from '@charter/shared/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestOf } from '../src/domain/digest.ts';

const canonicalDigest = (content: unknown) => createHash('sha256').update(canonicalJson(content)).digest('hex');

test('a digest is that of the canonical text, whether or not the content is in its order', () => {
  const content = fc.anything({ withDate: true, withNullPrototype: true, key: fc.string({ maxLength: 3 }) });
  fc.assert(
    fc.property(content, (given) => {
      expect(digestOf(given)).toBe(canonicalDigest(given));
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  [{ a: 1, b: [{ c: null, d: 'x' }, -0, 1e21] }],
  [{ 9: 'nine', 10: 'ten' }],
  [{ a: undefined, b: () => 1, c: [undefined, Symbol('s')] }],
  [{ a: { toJSON: () => ({ z: 1, b: 2 }) } }],
  [[Number.NaN, Number.POSITIVE_INFINITY, '\ud800']],
  [undefined],
])('that of %j too', (content) => {
  expect(digestOf(content)).toBe(canonicalDigest(content));
});
