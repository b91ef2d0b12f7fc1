import type { PackParts } from '@charter/shared/charter-client';
import { type KeptPack, keepPack, type PackKeeper } from '@charter/stage';
import type { ActivePackSource, PlanningPack } from '../ports.ts';

type Parts = Pick<PackParts, 'rules' | 'targets' | 'strategies' | 'windows'>;

/** The planner's part of the active pack, by name. */
export async function planningPack<Tables>(
  stage: PackKeeper<Tables>,
): Promise<ActivePackSource & Pick<KeptPack<Parts>, 'refresh' | 'ready' | 'close'>> {
  const kept = await keepPack(
    stage,
    ({ rules, targets, strategies, windows }): Parts => ({ rules, targets, strategies, windows }),
  );
  let parts: Parts | null = null;
  let pack: PlanningPack | null = null;
  return {
    current() {
      const current = kept.current();
      if (current !== null && current !== parts) pack = byName(current);
      parts = current;
      return pack;
    },
    refresh: () => kept.refresh(),
    ready: () => kept.ready(),
    close: () => kept.close(),
  };
}

const byName = ({ rules, targets, strategies, windows = [] }: Parts): PlanningPack => ({
  rules: new Map(rules.map((rule) => [rule.metadata.name, rule])),
  targets: new Map(targets.map((target) => [target.metadata.name, target])),
  strategies,
  windows,
});
