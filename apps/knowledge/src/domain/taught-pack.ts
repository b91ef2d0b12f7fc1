import type { ParsedPack } from '@charter/shared/charter-client';
import type { Strategy } from '@charter/shared/contracts';

/** What Knowledge reads of the active pack: the strategies it speaks of, and the names of signals. */
export interface TaughtPack {
  readonly strategies: readonly Strategy[];
  readonly signals: readonly string[];
}

export const noPack: TaughtPack = { strategies: [], signals: [] };

export const taughtPack = ({ strategies, rules, signals, targets }: ParsedPack): TaughtPack => ({
  strategies,
  signals: [
    ...new Set([
      ...rules.map(({ metric }) => metric),
      ...signals.map(({ metadata }) => metadata.name),
      ...targets.flatMap((target) => target.signals.map(({ name }) => name)),
    ]),
  ].toSorted(),
});
