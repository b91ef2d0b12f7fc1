import type { RuleRef } from '../compile/compiled-rule.ts';
import type { PolicyDecision } from './decision.ts';
import { matcherFits } from './overrides.ts';

/** What one rule said about the request. */
export interface RuleTrace {
  readonly rule: RuleRef;
  readonly outcome: 'matched' | 'condition-false' | 'condition-failed';
  readonly condition: string | null;
}

export interface Explanation {
  readonly effect: PolicyDecision['effect'];
  readonly code: PolicyDecision['code'];
  readonly rule: RuleRef | null;
  /** Sentences for people; the first one says what decided. */
  readonly reasons: readonly string[];
  /** Every rule whose selector is about the request, whether or not it took part. */
  readonly trace: readonly RuleTrace[];
}

/** The sentences alone: what decided, then failed conditions, then rules that only watch. */
export function reasonsOf(decision: PolicyDecision): string[] {
  return [
    decisive(decision),
    ...decision.errors.map(
      ({ rule, detail, countedAsMatched }) =>
        `The condition of ${place(rule)} could not be evaluated (${detail}); it counts as ${countedAsMatched ? 'matched' : 'not matched'}`,
    ),
    ...decision.observed.map(({ ref }) => `${place(ref)} is in ${ref.rollout} and would have said ${ref.effect}`),
  ];
}

/** Renders a decision in full by evaluating the request again against every rule; meant for people, not the hot path. */
export function explain(decision: PolicyDecision): Explanation {
  const { effect, code, rule, request, snapshot } = decision;
  const trace =
    code === 'request-unreadable'
      ? []
      : snapshot.rules
          .filter(({ matcher }) => matcherFits(matcher, request))
          .map(({ ref, condition }): RuleTrace => {
            const holds = condition === null ? true : condition.evaluate(request);
            const outcome = holds === true ? 'matched' : holds === false ? 'condition-false' : 'condition-failed';
            return { rule: ref, outcome, condition: condition?.source ?? null };
          });
  return { effect, code, rule, reasons: reasonsOf(decision), trace };
}

function decisive({ code, effect, rule, override, request }: PolicyDecision): string {
  switch (code) {
    case 'override':
      return `Override ${override?.id ?? ''} says ${effect}: ${override?.reason ?? ''}`;
    case 'rule':
      return rule === null ? `A rule says ${effect}` : `${place(rule)} says ${effect}`;
    case 'condition-failed':
      return rule === null
        ? `A failed condition says ${effect}`
        : `${place(rule)} says ${effect} because its condition failed`;
    case 'default-deny':
      return `No rule allows ${request.action}${about(request.metric ?? request.target)}; what no rule allows is denied`;
    case 'request-unreadable':
      return 'The request could not be read; what cannot be read is denied';
  }
}

const about = (name: string | undefined): string => (name === undefined ? '' : ` on ${name}`);

const place = ({ policy, id, line }: RuleRef): string =>
  `Rule ${id} of ${policy}${line === null ? '' : ` (line ${String(line)})`}`;
