import type { Watch, WatchRule } from './watch.ts';

/**
 * Rules with what Knowledge learned of violations that go away by themselves: such a rule waits that long before it fires, if
 * and as far as the pack allows. Never shorter than the pack itself says, and gone with the word it rests on.
 */
export function heldRules(watch: Watch, secondsByMetric: ReadonlyMap<string, number>): Watch {
  if (secondsByMetric.size === 0) return watch;
  const rules = [...watch.rules].map(
    ([name, rule]) => [name, held(rule, secondsByMetric.get(rule.metric) ?? 0)] as const,
  );
  return { ...watch, rules: new Map(rules) };
}

function held(rule: WatchRule, seconds: number): WatchRule {
  const forSeconds = Math.max(rule.forSeconds, Math.min(seconds, rule.holdUpToSeconds ?? 0));
  return forSeconds === rule.forSeconds ? rule : { ...rule, forSeconds };
}

/** The same watch gives the same held one, until what was learned changes. */
export function holding(watch: () => Watch, learned: () => ReadonlyMap<string, number>): () => Watch {
  let of: { watch: Watch; learned: ReadonlyMap<string, number>; held: Watch } | null = null;
  return () => {
    const now = { watch: watch(), learned: learned() };
    if (of === null || of.watch !== now.watch || of.learned !== now.learned) {
      of = { ...now, held: heldRules(now.watch, now.learned) };
    }
    return of.held;
  };
}
