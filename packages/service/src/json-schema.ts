import { z } from 'zod';

/** A JSON Schema (2020-12) as far as this package reads it. */
export interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly [keyword: string]: unknown;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Replaces references to `$defs` by what they name; where a definition contains itself, by "anything". */
function inline(node: unknown, definitions: Record<string, unknown>, within: readonly string[]): unknown {
  if (Array.isArray(node)) return node.map((child) => inline(child, definitions, within));
  if (!isRecord(node)) return node;
  const reference = node.$ref;
  if (typeof reference === 'string') {
    const name = reference.replace('#/$defs/', '');
    if (reference === '#' || within.includes(name)) return {};
    return inline(definitions[name] ?? {}, definitions, [...within, name]);
  }
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => key !== '$schema' && key !== '$defs' && key !== '~standard')
      .map(([key, child]) => [key, inline(child, definitions, within)]),
  );
}

/** Self-contained JSON Schema of what a zod schema takes (`input`) or gives (`output`). */
export function jsonSchemaOf(schema: z.core.$ZodType, io: 'input' | 'output'): JsonSchema {
  const generated: unknown = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  if (!isRecord(generated)) return {};
  const definitions = isRecord(generated.$defs) ? generated.$defs : {};
  return inline(generated, definitions, []) as JsonSchema;
}

/** Pointers to the objects in an input schema that would drop unknown fields instead of refusing them. */
export function droppingObjects(schema: JsonSchema, pointer = ''): string[] {
  const own =
    schema.type === 'object' && schema.properties && schema.additionalProperties === undefined ? [pointer] : [];
  const nested = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    droppingObjects(child, `${pointer}/${name}`),
  );
  const alternatives = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [
    ...own,
    ...nested,
    ...alternatives.flatMap((child) => droppingObjects(child, pointer)),
    ...(schema.prefixItems ?? []).flatMap((child, index) => droppingObjects(child, `${pointer}/${String(index)}`)),
    ...(schema.items ? droppingObjects(schema.items, `${pointer}/-`) : []),
    ...(typeof schema.additionalProperties === 'object'
      ? droppingObjects(schema.additionalProperties, `${pointer}/*`)
      : []),
  ];
}
