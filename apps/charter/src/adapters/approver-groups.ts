import { readFile } from 'node:fs/promises';
import { CharterError, Name } from '@charter/shared/contracts';
import { z } from 'zod';
import type { ApproverGroups } from '../domain/approval-votes.ts';

const Groups = z.record(Name, z.array(Name));

/** Who may approve for which group, from the configured file. */
export async function approverGroups(path: string | undefined): Promise<ApproverGroups> {
  if (path === undefined) return null;
  try {
    const groups = Groups.parse(JSON.parse(await readFile(path, 'utf8')));
    return new Map(Object.entries(groups).map(([group, names]) => [group, new Set(names)]));
  } catch (cause) {
    throw new CharterError('config-invalid', `CHARTER_APPROVERS: ${path} is no map of groups to names`, { cause });
  }
}
