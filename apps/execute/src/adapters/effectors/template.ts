import type { Json } from '../../domain/spec.ts';

/** Values that a template may name, such as `{replicas}`. */
export type TemplateValues = Readonly<Record<string, Json>>;

export type Filled<Value> =
  | { readonly kind: 'filled'; readonly value: Value }
  | { readonly kind: 'missing'; readonly name: string };

class Missing extends Error {
  readonly placeholder: string;
  constructor(placeholder: string) {
    super(placeholder);
    this.placeholder = placeholder;
  }
}

const placeholder = /\{(\w+)\}/g;

/** A path with its placeholders filled in, each as one path segment. */
export const fillPath = (template: string, values: TemplateValues): Filled<string> =>
  fill(() =>
    template.replace(placeholder, (_, name: string) => encodeURIComponent(textOf(templateValue(values, name)))),
  );

/** A JSON body with its placeholders filled in: a text that is one placeholder takes the value's own type. */
export const fillBody = (template: Json, values: TemplateValues): Filled<Json> =>
  fill(() => fillJson(template, values));

function fill<Value>(work: () => Value): Filled<Value> {
  try {
    return { kind: 'filled', value: work() };
  } catch (error) {
    if (error instanceof Missing) return { kind: 'missing', name: error.placeholder };
    throw error;
  }
}

function fillJson(template: Json, values: TemplateValues): Json {
  if (typeof template === 'string') {
    const whole = /^\{(\w+)\}$/.exec(template)?.[1];
    if (whole !== undefined) return templateValue(values, whole);
    return template.replace(placeholder, (_, name: string) => textOf(templateValue(values, name)));
  }
  if (Array.isArray(template)) return template.map((item) => fillJson(item, values));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fillJson(value, values)]));
}

function templateValue(values: TemplateValues, name: string): Json {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined) throw new Missing(name);
  return value;
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** What an RFC 6901 pointer names in a document; undefined when it names nothing. */
export function valueAt(document: unknown, pointer: string): unknown {
  if (pointer === '') return document;
  if (!pointer.startsWith('/')) return undefined;
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, key) => {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
      return Object.entries(value).find(([name]) => name === key)?.[1];
    }, document);
}
