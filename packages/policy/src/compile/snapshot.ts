import type { Policy } from '../document/policy.ts';
import type { PolicyLimits } from '../limits.ts';
import type { ActionNode } from './action-node.ts';
import type { CompiledRule } from './compiled-rule.ts';
import type { Dimension } from './dimension.ts';

export interface Dimensions {
  readonly roles: Dimension;
  readonly purposes: Dimension;
  readonly environments: Dimension;
  readonly classes: Dimension;
  readonly groups: Dimension;
}

/**
 * Policies compiled for deciding. Nothing in it changes after compilation except bounded memories of candidates, so
 * activation and rollback are the swap of one pointer to it.
 */
export interface PolicySnapshot {
  readonly policies: readonly Policy[];
  readonly rules: readonly CompiledRule[];
  /** Stands in for a request's environment when it names none; null when policies of several are compiled together. */
  readonly defaultEnvironment: string | null;
  readonly actions: ReadonlyMap<string, ActionNode>;
  /** Rules for any action or a pattern of actions; also answers for actions that no rule names. */
  readonly shared: ActionNode;
  readonly dimensions: Dimensions;
  readonly limits: PolicyLimits;
}
