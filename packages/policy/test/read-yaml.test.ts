import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { readDocuments } from '../src/index.ts';

const runs = process.env.CHARTER_FULL === '1' ? 20_000 : 800;

function read(text: string): unknown[] | string {
  const result = readDocuments(text, { format: 'yaml' });
  return result.ok ? result.documents.map(({ value }) => value) : (result.errors[0]?.detail ?? 'refused');
}

/** What the yaml package makes of the text; null when it finds an error. */
function reference(text: string): unknown[] | null {
  const documents = parseAllDocuments(text, { stringKeys: true, logLevel: 'silent' });
  if (!Array.isArray(documents) || documents.some(({ errors }) => errors.length > 0)) return null;
  return documents.map((document): unknown => document.toJS()).filter((value) => value !== null);
}

const scalar = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    'true',
    'no',
    '12',
    '1.5',
    '~',
    '- a',
    'a: b',
    '# c',
    "it's",
    '"q"',
    ' lead',
    'trail ',
    'two\nlines',
    'a\n\n b\n',
    '\ttab',
    '*x',
    '&y',
    '[',
    '{}',
    '|',
    '%',
    '@',
    '',
    '...',
    '---',
    '0x1F',
    '1e3',
  ),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
const key = fc.oneof(
  fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_ .-]{0,8}$/),
  fc.constantFrom('a:b', '1', 'true', '', '-', 'x y', '#h', "o'k", '?'),
);
const { data } = fc.letrec<{ data: unknown; node: unknown }>((tie) => ({
  data: fc.oneof(
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(
      key.filter((name) => name !== ''),
      tie('node'),
      { maxKeys: 4 },
    ),
  ),
  node: fc.oneof({ depthSize: 'small' }, scalar, tie('data')),
}));
const options = fc.record({
  lineWidth: fc.constantFrom(0, 20, 40, 80),
  minContentWidth: fc.constant(0),
  indent: fc.constantFrom(1, 2, 4),
  indentSeq: fc.boolean(),
  collectionStyle: fc.constantFrom('any', 'block', 'flow'),
  defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_FOLDED', 'BLOCK_LITERAL'),
  aliasDuplicateObjects: fc.constant(false),
});

describe('reading YAML', () => {
  test('whatever the yaml package writes is read as it was meant', () => {
    fc.assert(
      fc.property(data, options, (value, style) => {
        fc.pre(!/[^\P{Cc}\t\n\r]/u.test(JSON.stringify(value)));
        const text = stringify(value, style);
        fc.pre(isDeepStrictEqual(reference(text), [JSON.parse(JSON.stringify(value))]));
        expect(read(text)).toEqual([JSON.parse(JSON.stringify(value))]);
      }),
      { numRuns: runs },
    );
  });

  test('whatever is accepted after edits means the same to the yaml package', () => {
    const edit = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(3),
      put: fc.constantFrom(
        '',
        ' ',
        '  ',
        '\n',
        '\n\n',
        ': ',
        ':',
        '- ',
        '-',
        '#',
        ' # c',
        '"',
        "'",
        '[',
        ']',
        '{',
        '}',
        ',',
        '|',
        '>',
        '>-\n',
        '|+\n',
        '&a ',
        '*a',
        '!',
        '? ',
        '---\n',
        '...\n',
        '\t',
        'x',
        '%',
        '\r\n',
        '\\',
      ),
    });
    let accepted = 0;
    fc.assert(
      fc.property(data, options, fc.array(edit, { maxLength: 4 }), (value, style, edits) => {
        const text = edits.reduce(
          (before, { at, cut, put }) => {
            const offset = Math.floor(at * before.length);
            return before.slice(0, offset) + put + before.slice(offset + cut);
          },
          stringify(value, style),
        );
        const ours = read(text);
        if (typeof ours === 'string') return;
        accepted += 1;
        // A line of tabs alone is a comment line by the specification; the package refuses some of them.
        const theirs = reference(text) ?? reference(text.replaceAll(/^[ \t]+$/gm, ''));
        expect({ text, value: ours }).toEqual({ text, value: theirs });
      }),
      { numRuns: runs },
    );
    expect(accepted).toBeGreaterThan(runs / 10);
  });
});
