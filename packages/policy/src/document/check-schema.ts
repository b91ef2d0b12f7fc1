import { z } from 'zod';
import { defaultLimits } from '../limits.ts';
import { NativeDocument, RuleDocument, TestDocument } from './native-document.ts';
import type { DocumentError } from './policy.ts';
import { QuickRule } from './quick-rule.ts';
import { errorAt, type Path, type SourceDocument } from './source.ts';

/** A document with more errors than this is reported up to here. */
export const maxErrors = 100;

export type Checked<T> =
  | { readonly ok: true; readonly document: T }
  | { readonly ok: false; readonly errors: readonly DocumentError[] };

/** The native document except for what is inside its rules and tests. */
const Outline = z.strictObject({
  ...NativeDocument.shape,
  rules: z.array(z.unknown()).min(1).max(defaultLimits.rulesPerPolicy),
  tests: z.array(z.unknown()).max(defaultLimits.testsPerPolicy).optional(),
});

/** Checks a native document rule by rule, so that a long list of broken rules costs no more than its first errors. */
export function checkNative({ value, lineOf }: SourceDocument): Checked<NativeDocument> {
  const outline = checkSchema(Outline, value, [], lineOf);
  const source = outline.ok ? outline.document : partsOf(value);
  const errors = outline.ok ? [] : [...outline.errors];
  const rules = checkEach(RuleDocument, source.rules, ['rules'], lineOf, errors, QuickRule);
  const tests = source.tests && checkEach(TestDocument, source.tests, ['tests'], lineOf, errors);
  if (!outline.ok || errors.length > 0) return { ok: false, errors };
  const { tests: _tests, ...rest } = outline.document;
  return { ok: true, document: tests === undefined ? { ...rest, rules } : { ...rest, rules, tests } };
}

export function checkSchema<T>(
  schema: z.ZodType<T>,
  value: unknown,
  path: Path,
  lineOf: SourceDocument['lineOf'],
): Checked<T> {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, document: result.data };
  return {
    ok: false,
    errors: result.error.issues.slice(0, maxErrors).flatMap((issue) => errorsFrom(issue, path, lineOf)),
  };
}

function checkEach<T>(
  schema: z.ZodType<T>,
  items: readonly unknown[],
  path: Path,
  lineOf: SourceDocument['lineOf'],
  errors: DocumentError[],
  quickSchema: z.ZodType<T> = schema,
): T[] {
  const documents: T[] = [];
  for (const [index, item] of items.entries()) {
    if (errors.length >= maxErrors) break;
    const quick = quickSchema.safeParse(item);
    const checked = quick.success
      ? { ok: true as const, document: quick.data }
      : checkSchema(schema, item, [...path, index], lineOf);
    if (checked.ok) documents.push(checked.document);
    else errors.push(...checked.errors.slice(0, maxErrors - errors.length));
  }
  return documents;
}

/** The lists of a document whose outline is wrong, so that their errors are told as well. */
function partsOf(value: unknown): {
  readonly rules: readonly unknown[];
  readonly tests: readonly unknown[] | undefined;
} {
  const { rules, tests }: { rules?: unknown; tests?: unknown } =
    typeof value === 'object' && value !== null ? value : {};
  return { rules: Array.isArray(rules) ? rules : [], tests: Array.isArray(tests) ? tests : undefined };
}

function errorsFrom(issue: z.core.$ZodIssue, base: Path, lineOf: SourceDocument['lineOf']): DocumentError[] {
  const path = [...base, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
  if (issue.code !== 'unrecognized_keys') return [errorAt(path, issue.message, lineOf)];
  return issue.keys
    .slice(0, maxErrors)
    .map((key) => errorAt([...path, key], `The key ${key.slice(0, 100)} is unknown here`, lineOf));
}
