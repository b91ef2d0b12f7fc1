import type { Target } from '@charter/shared/contracts';
import { type KeptPack, keepPack, type PackKeeper } from '@charter/stage';
import type { Targets } from '../ports.ts';

/** Targets of the active pack by name. */
export async function packTargets<Tables>(
  stage: PackKeeper<Tables>,
): Promise<Targets & Pick<KeptPack<readonly Target[]>, 'refresh' | 'ready' | 'close'>> {
  const kept = await keepPack(stage, ({ targets }): readonly Target[] => targets);
  return {
    isKnown: () => kept.current() !== null,
    find: (name) => kept.current()?.find(({ metadata }) => metadata.name === name) ?? null,
    all: () => [...(kept.current() ?? [])],
    refresh: () => kept.refresh(),
    ready: () => kept.ready(),
    close: () => kept.close(),
  };
}
