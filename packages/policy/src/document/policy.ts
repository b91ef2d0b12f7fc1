import type { Condition } from '../compile/condition.ts';
import type { ClassicDocument } from './classic-document.ts';
import type {
  AutomationMode,
  Effect,
  MatchDocument,
  NativeDocument,
  ObligationDocument,
  Rollout,
  TestDocument,
} from './native-document.ts';

/** One rule of a loaded policy, whatever form it was written in. */
export interface PolicyRule {
  readonly id: string;
  readonly effect: Effect;
  readonly match: MatchDocument;
  /** The checked condition: source, AST and closure; null is always true. */
  readonly when: Condition | null;
  readonly rollout: Rollout;
  readonly automation: AutomationMode | null;
  readonly obligations: readonly ObligationDocument[];
  /** Where the rule stands in the document. */
  readonly pointer: string;
  /** Line from 1; null when the policy was given as an object, not as text. */
  readonly line: number | null;
}

export interface EscalationLevel {
  /** Severity of the event, such as HIGH. */
  readonly name: string;
  /** Attempts that reach the level. */
  readonly threshold: number;
  readonly action: string | null;
}

interface PolicyFacts {
  readonly name: string;
  /** The author's label; identity is the caller's. */
  readonly version: string | null;
  readonly owner: string | null;
  /** The policy speaks for this environment alone; null means all. */
  readonly environment: string | null;
  readonly requiresApproval: boolean;
  readonly rules: readonly PolicyRule[];
  readonly tests: readonly TestDocument[];
  readonly escalation: { readonly windowSeconds: number; readonly levels: readonly EscalationLevel[] };
  /** Names a sample may carry and names it must not, in document order; patterns as written. */
  readonly metrics: { readonly whitelisted: readonly string[]; readonly forbidden: readonly string[] };
}

export type Policy = PolicyFacts &
  (
    | { readonly form: 'native'; readonly document: NativeDocument }
    | { readonly form: 'classic'; readonly document: ClassicDocument }
  );

export interface DocumentError {
  /** JSON pointer (RFC 6901); empty for the document as a whole. */
  readonly pointer: string;
  readonly detail: string;
  /** Line in the text, from 1. */
  readonly line?: number;
}
