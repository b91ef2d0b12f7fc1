import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDocuments } from '../src/index.ts';

const runs = process.env.CHARTER_FULL === '1' ? 20_000 : 1_000;

function documentOf(text: string, format: 'json' | 'yaml') {
  const read = readDocuments(text, { format });
  return read.ok ? read.documents[0] : undefined;
}

/** Every path of a value, and below each one that leads nowhere. */
function pathsOf(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(Object(value));
  const inner = typeof value === 'string' ? [] : entries.flatMap(([key, child]) => pathsOf(child, [...path, key]));
  return [path, [...path, 'nowhere'], ...inner];
}

const rules = fc.record({ first: fc.jsonValue(), rules: fc.array(fc.jsonValue(), { maxLength: 5 }) });

describe('lines of JSON', () => {
  test('are those that YAML finds in the same text', () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.oneof(rules, fc.jsonValue()), fc.constantFrom(0, 2, '\t'), (value, indent) => {
        const text = `\n${JSON.stringify(value, null, indent)}`;
        const yaml = documentOf(text, 'yaml');
        const json = documentOf(text, 'json');
        if (yaml === undefined || json === undefined) return;
        compared += 1;
        const paths = pathsOf(json.value);
        expect(paths.map(json.lineOf)).toEqual(paths.map(yaml.lineOf));
      }),
      { numRuns: runs },
    );
    expect(compared).toBeGreaterThan(runs / 3);
  });

  test('are those of the last of repeated keys, whose value counts', () => {
    const document = documentOf('{"rules": [{}, {}],\n"rules": [7, {\n"a": 1,\n"a": 2}]}', 'json');
    expect(document?.value).toEqual({ rules: [7, { a: 2 }] });
    expect([['rules'], ['rules', 0], ['rules', 1], ['rules', 1, 'a']].map((path) => document?.lineOf(path))).toEqual([
      2, 2, 2, 4,
    ]);
  });
});
