import type { JsonSchema } from '../json-schema.ts';

const texts: Readonly<Record<string, string>> = {
  'date-time': '2026-01-01T00:00:00.000Z',
  uri: 'http://127.0.0.1/',
  email: 'a@example.org',
};

function textOf(schema: JsonSchema): string {
  if (typeof schema.format === 'string') return texts[schema.format] ?? 'x';
  if (typeof schema.pattern === 'string' && schema.pattern.includes('{26}')) return '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  return 'x'.repeat(typeof schema.minLength === 'number' ? Math.max(1, schema.minLength) : 1);
}

/** A small value that fits a JSON schema, as far as the schema can say: custom refinements may still refuse it. */
export function sampleOf(schema: JsonSchema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const [alternative] = schema.anyOf ?? schema.oneOf ?? [];
  if (alternative) return sampleOf(alternative);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map(sampleOf));
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        (schema.required ?? []).map((name) => [name, sampleOf(schema.properties?.[name] ?? {})]),
      );
    case 'array':
      return Array.from({ length: typeof schema.minItems === 'number' ? schema.minItems : 0 }, () =>
        sampleOf(schema.items ?? {}),
      );
    case 'integer':
    case 'number':
      return typeof schema.minimum === 'number'
        ? schema.minimum
        : typeof schema.exclusiveMinimum === 'number'
          ? schema.exclusiveMinimum + 1
          : 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return textOf(schema);
  }
}

/** Values of every JSON type, the ones that break code which trusts its input first. */
export const awkward: readonly unknown[] = [
  null,
  -1,
  1e308,
  '',
  '\u0000',
  'x'.repeat(10_000),
  true,
  [],
  {},
  [[]],
  { a: { b: [] } },
];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Bodies that differ from a fitting one in one field: each declared field with each awkward value, and left out. */
export function brokenBodies(schema: JsonSchema): unknown[] {
  const sample = sampleOf(schema);
  if (!isObject(sample)) return [];
  return Object.keys(schema.properties ?? {}).flatMap((name) => {
    const { [name]: _left, ...without } = sample;
    return [without, ...awkward.map((value) => ({ ...sample, [name]: value }))];
  });
}

/** Whether the schema itself says that more fields may come. */
export const takesMore = (schema: JsonSchema): boolean =>
  schema.additionalProperties !== undefined && schema.additionalProperties !== false;
