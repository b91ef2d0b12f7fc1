import { readDocuments } from '@charter/policy';
import type { Log } from '@charter/service';
import type { PackShelf } from '../adapters/pack-shelf.ts';
import { refusePack } from '../adapters/pack-shelf.ts';
import type { WatchedPack } from '../adapters/watched-pack.ts';
import { packFrom } from '../domain/pack-draft.ts';
import type { CharterMetrics } from '../metrics.ts';
import type { ChangeGovernance } from './change-governance.ts';

export interface ImportDeps {
  readonly watched: WatchedPack;
  readonly packs: PackShelf;
  readonly changes: Pick<ChangeGovernance, 'activatePack'>;
  readonly environment: string;
  readonly metrics: CharterMetrics;
  readonly log: Log;
}

export interface ImportResult {
  readonly packId: string;
  readonly status: 'active' | 'pending' | 'unchanged';
}

const importer = 'pack-file';

/**
 * Brings the watched file into force. At start only a file that was never seen is activated, so that a restart does not
 * undo what people activated since; later every change of the file counts. The very first pack needs no approval: who
 * could place the file could also have placed another service.
 */
export function importPack({ watched, packs, changes, environment, metrics, log }: ImportDeps) {
  return async ({ isStart }: { readonly isStart: boolean }): Promise<ImportResult> => {
    try {
      const source = await watched.read();
      const read = readDocuments(source.text);
      const checked = read.ok ? packFrom(read.documents) : read;
      if (!checked.ok) throw refusePack(checked.errors.map(source.locate));
      const { id, isNew } = await packs.add(
        { name: watched.name, environment, source: source.text, draft: checked.draft },
        importer,
      );
      const active = await packs.activeId(environment);
      if (id === active || (isStart && !isNew && active !== null)) return { packId: id, status: 'unchanged' };
      const { status } = await changes.activatePack(id, {
        by: importer,
        expectedActive: active,
        isApproved: active === null,
      });
      metrics.packChanged('activated');
      log.info({ packId: id, status }, 'pack imported');
      return { packId: id, status };
    } catch (error) {
      metrics.packChanged('refused');
      throw error;
    }
  };
}
export type ImportPack = ReturnType<typeof importPack>;
