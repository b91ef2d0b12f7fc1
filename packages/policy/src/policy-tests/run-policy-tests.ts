import { type CompileError, compilePolicies } from '../compile/compile-policies.ts';
import { decide } from '../decide/decide.ts';
import { reasonsOf } from '../decide/explain.ts';
import type { PolicyRequest } from '../decide/request.ts';
import type { Effect, TestRequestDocument } from '../document/native-document.ts';
import type { Policy } from '../document/policy.ts';

export interface Expectation {
  readonly effect: Effect;
  /** Deciding rule; null is the default denial, undefined leaves it open. */
  readonly rule?: string | null | undefined;
}

export interface PolicyTestResult {
  readonly name: string;
  readonly pass: boolean;
  readonly expected: Expectation;
  readonly actual: { readonly effect: Effect; readonly rule: string | null };
  readonly reasons: readonly string[];
}

export interface RuleCoverage {
  /** Rules that took part in the answer of at least one test. */
  readonly covered: readonly string[];
  readonly uncovered: readonly string[];
  /** Share of rules covered, 0..1. */
  readonly share: number;
}

export type PolicyTestRun =
  | {
      readonly ok: true;
      readonly passed: number;
      readonly failed: number;
      readonly results: readonly PolicyTestResult[];
      readonly coverage: RuleCoverage;
    }
  | { readonly ok: false; readonly errors: readonly CompileError[] };

/** The clock of tests that name none: Monday 2026-01-05, noon UTC. */
export const testClock = Date.UTC(2026, 0, 5, 12);

/** Runs the tests a document carries, on that document alone. */
export function runPolicyTests(policy: Policy): PolicyTestRun {
  const compiled = compilePolicies([policy]);
  if (!compiled.ok) return compiled;
  const covered = new Set<string>();
  const results = policy.tests.map(({ name, request, expect }): PolicyTestResult => {
    const decision = decide(compiled.snapshot, requestFrom(request));
    for (const { ref } of [...decision.matched, ...decision.observed]) covered.add(ref.id);
    const actual = { effect: decision.effect, rule: decision.rule?.id ?? null };
    const pass = actual.effect === expect.effect && (expect.rule === undefined || expect.rule === actual.rule);
    return { name, pass, expected: expect, actual, reasons: reasonsOf(decision) };
  });
  const passed = results.filter(({ pass }) => pass).length;
  const ids = policy.rules.map(({ id }) => id);
  const coverage: RuleCoverage = {
    covered: ids.filter((id) => covered.has(id)),
    uncovered: ids.filter((id) => !covered.has(id)),
    share: ids.length === 0 ? 1 : ids.filter((id) => covered.has(id)).length / ids.length,
  };
  return { ok: true, passed, failed: results.length - passed, results, coverage };
}

function requestFrom({ now, ...facts }: TestRequestDocument): PolicyRequest {
  return { ...facts, windows: facts.windows ?? [], now: now === undefined ? testClock : Date.parse(now) };
}
