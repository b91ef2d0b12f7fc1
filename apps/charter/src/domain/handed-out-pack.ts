import type { ActivePack, Window } from '@charter/shared/contracts';
import { digestOf } from './digest.ts';

const digestLength = 12;

/**
 * The active pack as other services get it: with the windows that people opened by hand, under an id of its own, so that
 * whoever follows the pack takes them in.
 */
export function handedOutPack(pack: ActivePack, windows: readonly Window[]): ActivePack {
  if (windows.length === 0) return pack;
  const written = windows.map((window) => JSON.parse(JSON.stringify(window)) as ActivePack['documents'][number]);
  const id = `${pack.id}.${digestOf(written).slice(0, digestLength)}`;
  return { ...pack, id, documents: [...pack.documents, ...written] };
}
