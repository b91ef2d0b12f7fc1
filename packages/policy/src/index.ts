export type { ActionComparison, Permissiveness } from './analysis/compare-actions.ts';
export {
  type ComparisonResult,
  comparePolicies,
  type NameChange,
  type PolicyComparison,
} from './analysis/compare-policies.ts';
export { type ConflictOptions, findConflicts } from './analysis/find-conflicts.ts';
export type { Finding, FindingKind, Severity } from './analysis/finding.ts';
export type { ChangedPart, RuleChange } from './analysis/rule-changes.ts';
export type { CelExpr } from './cel/ast.ts';
export { CelFault } from './cel/cel-fault.ts';
export type { CelIssue } from './cel/cel-issue.ts';
export type { CelType } from './cel/cel-type.ts';
export { type CelProgram, type CelResult, compileCel } from './cel/compile-cel.ts';
export type { CelEnvironment, CelFunction, CelVariable } from './cel/environment.ts';
export {
  type CompileError,
  type CompileOptions,
  type CompileResult,
  compilePolicies,
} from './compile/compile-policies.ts';
export type { CompiledRule, RuleMatcher, RuleRef } from './compile/compiled-rule.ts';
export { type Condition, compileCondition, policyEnvironment } from './compile/condition.ts';
export { type Glob, globFrom, globMatches } from './compile/glob.ts';
export {
  type ApprovalDuty,
  type LimitDuty,
  lowerAutomation,
  mergeObligations,
  type Obligations,
} from './compile/obligations.ts';
export type { PolicySnapshot } from './compile/snapshot.ts';
export { decide } from './decide/decide.ts';
export type { ConditionError, DecisionCode, PolicyDecision } from './decide/decision.ts';
export { type Explanation, explain, type RuleTrace, reasonsOf } from './decide/explain.ts';
export {
  compileOverrides,
  matcherFits,
  type Override,
  type OverrideLayer,
  type OverrideResult,
} from './decide/overrides.ts';
export type { PlanFacts, PolicyRequest } from './decide/request.ts';
export { ClassicDocument } from './document/classic-document.ts';
export {
  AutomationMode,
  Effect,
  MatchDocument,
  NativeDocument,
  ObligationDocument,
  Rollout,
  RuleDocument,
  TestDocument,
} from './document/native-document.ts';
export { defaultEscalation, type PolicyResult, parsePolicy, policyFrom } from './document/parse-policy.ts';
export type { DocumentError, EscalationLevel, Policy, PolicyRule } from './document/policy.ts';
export { printPolicy } from './document/print-policy.ts';
export { type ReadOptions, readDocuments } from './document/read-documents.ts';
export { collectAction, readAction } from './document/rules-from-classic.ts';
export type { SourceDocument, SourceFormat, SourceResult } from './document/source.ts';
export {
  type Attempt,
  createLadder,
  type EscalationEvent,
  type EscalationRules,
  type EscalationStep,
  type Ladder,
  recordAttempt,
} from './escalation/ladder.ts';
export { type LadderState, ladderFrom, stateOfLadder } from './escalation/ladder-state.ts';
export { defaultLimits, type PolicyLimits } from './limits.ts';
export {
  type Expectation,
  type PolicyTestResult,
  type PolicyTestRun,
  type RuleCoverage,
  runPolicyTests,
} from './policy-tests/run-policy-tests.ts';
export { defaultSampleLimits, type SampleLimits } from './samples/check-sample.ts';
export {
  type BatchVerdict,
  type EnforcementAction,
  type SampleContext,
  type SampleReason,
  type SampleVerdict,
  validateBatch,
  validateSample,
} from './samples/validate-sample.ts';
