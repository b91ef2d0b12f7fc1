import type { Comparator, Rule, Severity, Window } from '@charter/shared/contracts';
import { defaultThresholds } from './settings.ts';

/** A rule as Monitor works with it: every default filled in, durations in seconds. */
export interface WatchRule {
  readonly name: string;
  readonly query: string | null;
  readonly matchers: Readonly<Record<string, string>> | null;
  readonly component: string | null;
  readonly componentLabel: string;
  readonly metric: string;
  readonly comparator: Comparator;
  readonly threshold: number | null;
  readonly resolveThreshold: number | null;
  readonly forSeconds: number;
  readonly resolveForSeconds: number;
  /** How long what is learned may make it wait in all; not at all when absent. */
  readonly holdUpToSeconds?: number;
  readonly severity: Severity;
  readonly upstream: string | null;
  readonly description: string | null;
}

/** Monitor's part of the active pack. */
export interface Watch {
  readonly packId: string;
  readonly rules: ReadonlyMap<string, WatchRule>;
  readonly windows: readonly Window[];
}

/** The same as it is kept: plain JSON. */
export interface StoredWatch {
  readonly packId: string;
  readonly rules: readonly WatchRule[];
  readonly windows: readonly Window[];
}

export const emptyWatch: Watch = { packId: '', rules: new Map(), windows: [] };

/** The watch of the pack that is kept right now; made again only when that one changes. */
export function watching(pack: { current(): StoredWatch | null }): () => Watch {
  let stored: StoredWatch | null = null;
  let watch = emptyWatch;
  return () => {
    const current = pack.current();
    if (current !== null && current !== stored) watch = watchFrom(current);
    stored = current;
    return watch;
  };
}

const watchFrom = ({ packId, rules, windows }: StoredWatch): Watch => ({
  packId,
  rules: new Map(rules.map((rule) => [rule.name, rule])),
  windows,
});

/** Takes Monitor's part out of a pack, every default filled in. */
export function storedWatchFrom(pack: {
  readonly id: string;
  readonly rules: readonly Rule[];
  readonly windows: readonly Window[];
}): StoredWatch {
  return { packId: pack.id, rules: pack.rules.map(watchRuleFrom), windows: pack.windows };
}

const watchRuleFrom = (rule: Rule): WatchRule => ({
  name: rule.metadata.name,
  query: rule.query ?? null,
  matchers: rule.alert?.matchers ?? null,
  component: rule.component ?? null,
  componentLabel: rule.componentLabel,
  metric: rule.metric,
  comparator: rule.comparator,
  threshold: rule.threshold ?? defaultThresholds[rule.metric] ?? null,
  resolveThreshold: rule.resolveThreshold ?? null,
  forSeconds: rule.for ?? 0,
  resolveForSeconds: rule.resolveFor ?? 0,
  ...(rule.holdUpTo === undefined ? {} : { holdUpToSeconds: rule.holdUpTo }),
  severity: rule.severity,
  upstream: rule.upstream ?? null,
  description: rule.metadata.description ?? null,
});
