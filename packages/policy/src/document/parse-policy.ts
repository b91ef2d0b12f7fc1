import { type Condition, compileCondition } from '../compile/condition.ts';
import { defaultLimits, type PolicyLimits } from '../limits.ts';
import { checkNative, checkSchema, maxErrors } from './check-schema.ts';
import { checkSize } from './check-size.ts';
import { ClassicDocument } from './classic-document.ts';
import { secondsFrom } from './duration.ts';
import type { NativeDocument } from './native-document.ts';
import type { DocumentError, EscalationLevel, Policy, PolicyRule } from './policy.ts';
import { type ReadOptions, readDocuments } from './read-documents.ts';
import { collectAction, forbiddenNames, rulesFromClassic, whitelistedNames } from './rules-from-classic.ts';
import { errorAt, type SourceDocument } from './source.ts';

export type PolicyResult =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly errors: readonly DocumentError[] };

/** Attempts at a forbidden metric are counted over this long, and become events at these counts (domain §6). */
export const defaultEscalation = {
  windowSeconds: 3_600,
  levels: [
    { name: 'HIGH', threshold: 3, action: null },
    { name: 'CRITICAL', threshold: 5, action: null },
  ],
} as const;

/**
 * Loads one policy document, native or classic, from YAML or JSON text or from plain data. Every error has the JSON
 * pointer of what is wrong and, for text, its line. Never throws.
 */
export function parsePolicy(source: unknown, options: ReadOptions = {}): PolicyResult {
  if (typeof source !== 'string') return policyFrom({ value: source, lineOf: () => null }, options.limits);
  const read = readDocuments(source, options);
  if (!read.ok) return read;
  const [document, second] = read.documents;
  if (document === undefined) return { ok: false, errors: [{ pointer: '', detail: 'The document is empty' }] };
  if (second !== undefined) {
    return { ok: false, errors: [errorAt([], 'Expected one document, not a stream of several', second.lineOf)] };
  }
  return policyFrom(document, options.limits);
}

/** The same from one document of a pack, as `readDocuments` gives it. */
export function policyFrom(document: SourceDocument, limits: PolicyLimits = defaultLimits): PolicyResult {
  const { value } = document;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, errors: [errorAt([], 'A policy is a map of keys', document.lineOf)] };
  }
  const oversize = checkSize(document, limits);
  if (oversize !== null) return { ok: false, errors: [oversize] };
  return 'charter' in value || 'whitelisted_metrics' in value ? classicFrom(document) : nativeFrom(document, limits);
}

function nativeFrom({ value, lineOf }: SourceDocument, limits: PolicyLimits): PolicyResult {
  const parsed = checkNative({ value, lineOf });
  if (!parsed.ok) return parsed;
  const { document } = parsed;
  const conditions = conditionsFrom(document, lineOf, limits);
  const errors = [...conditions.errors, ...repeatedIds(document, lineOf)];
  if (errors.length > 0) return { ok: false, errors: errors.slice(0, maxErrors) };
  const rules = document.rules.map(
    (rule, index): PolicyRule => ({
      id: rule.id,
      effect: rule.effect,
      match: rule.match,
      when: conditions.byText.get(rule.when ?? '') ?? null,
      rollout: rule.rollout ?? document.rollout ?? 'enforce',
      automation: rule.automation?.max ?? null,
      obligations: rule.obligations ?? [],
      pointer: `/rules/${String(index)}`,
      line: lineOf(['rules', index]),
    }),
  );
  const { metadata } = document;
  return {
    ok: true,
    policy: {
      form: 'native',
      document,
      name: metadata.name,
      version: metadata.version ?? null,
      owner: metadata.owner ?? null,
      environment: metadata.environment ?? null,
      requiresApproval: metadata.requiresApproval ?? false,
      rules,
      tests: document.tests ?? [],
      escalation: {
        windowSeconds: secondsFrom(document.escalation?.window ?? '') ?? defaultEscalation.windowSeconds,
        levels: levelsFrom(document.escalation?.levels),
      },
      metrics: metricsOf(rules),
    },
  };
}

function classicFrom({ value, lineOf }: SourceDocument): PolicyResult {
  const parsed = checkSchema(ClassicDocument, value, [], lineOf);
  if (!parsed.ok) return parsed;
  const { document } = parsed;
  const whitelisted = whitelistedNames(document);
  const forbidden = forbiddenNames(document);
  const forbiddenSet = new Set(forbidden);
  const both = whitelisted.find((name) => forbiddenSet.has(name));
  if (both !== undefined) {
    return { ok: false, errors: [errorAt(['forbidden_metrics'], `${both} is both whitelisted and forbidden`, lineOf)] };
  }
  const metadata = document.charter.metadata;
  return {
    ok: true,
    policy: {
      form: 'classic',
      document,
      name: document.charter.name,
      version: String(document.charter.version),
      owner: null,
      environment: metadata?.environment ?? null,
      requiresApproval: metadata?.requires_approval ?? false,
      rules: rulesFromClassic(document, lineOf),
      tests: [],
      escalation: {
        windowSeconds: defaultEscalation.windowSeconds,
        levels: levelsFrom(document.violation_policy?.levels),
      },
      metrics: { whitelisted, forbidden },
    },
  };
}

function levelsFrom(
  levels: readonly { name: string; threshold: number; action?: string | undefined }[] | undefined,
): readonly EscalationLevel[] {
  if (levels === undefined || levels.length === 0) return defaultEscalation.levels;
  return levels
    .map(({ name, threshold, action }) => ({ name, threshold, action: action ?? null }))
    .sort((a, b) => a.threshold - b.threshold);
}

interface Conditions {
  readonly byText: ReadonlyMap<string, Condition>;
  readonly errors: readonly DocumentError[];
}

/** Compiles each distinct condition once. */
function conditionsFrom(document: NativeDocument, lineOf: SourceDocument['lineOf'], limits: PolicyLimits): Conditions {
  const byText = new Map<string, Condition>();
  const errors: DocumentError[] = [];
  for (const [index, { when }] of document.rules.entries()) {
    if (when === undefined || byText.has(when)) continue;
    const compiled = compileCondition(when, limits);
    if (compiled.ok) byText.set(when, compiled.program);
    else {
      const { detail, line, column } = compiled.issue;
      const where = `${detail} (at ${String(line)}:${String(column)} of the condition)`;
      errors.push(errorAt(['rules', index, 'when'], where, lineOf));
      if (errors.length >= maxErrors) break;
    }
  }
  return { byText, errors };
}

function repeatedIds(document: NativeDocument, lineOf: SourceDocument['lineOf']): DocumentError[] {
  const seen = new Map<string, number>();
  const errors: DocumentError[] = [];
  for (const [index, { id }] of document.rules.entries()) {
    const first = seen.get(id);
    if (first === undefined) seen.set(id, index);
    else errors.push(errorAt(['rules', index, 'id'], `The id ${id} is taken by rule ${String(first)}`, lineOf));
    if (errors.length >= maxErrors) break;
  }
  return errors;
}

/** The names that rules about collecting allow or deny. */
function metricsOf(rules: readonly PolicyRule[]): Policy['metrics'] {
  const whitelisted = new Set<string>();
  const forbidden = new Set<string>();
  for (const { effect, match } of rules) {
    if (effect === 'require-approval' || match.metrics === undefined) continue;
    if (match.actions !== undefined && !match.actions.includes(collectAction)) continue;
    const names = effect === 'allow' ? whitelisted : forbidden;
    for (const name of match.metrics) names.add(name);
  }
  return { whitelisted: [...whitelisted], forbidden: [...forbidden] };
}
