import { readFile } from 'node:fs/promises';
import { CharterError, Name } from '@charter/shared/contracts';
import { z } from 'zod';
import type { ApproverGroups } from '../domain/approval-votes.ts';

/** `{sre: [ann, ben]}`, or `{sre: {members: [ann, ben], next: leads}}` where silence goes on to another group. */
const Groups = z.record(
  Name,
  z.union([z.array(Name), z.strictObject({ members: z.array(Name), next: Name.optional() })]),
);

/** Who may approve for which group, from the configured file. */
export async function approverGroups(path: string | undefined): Promise<ApproverGroups> {
  if (path === undefined) return null;
  try {
    const groups = Groups.parse(JSON.parse(await readFile(path, 'utf8')));
    return new Map(
      Object.entries(groups).map(([group, written]) => {
        const { members, next = null } = Array.isArray(written) ? { members: written } : written;
        return [group, { members: new Set(members), next }];
      }),
    );
  } catch (cause) {
    throw new CharterError('config-invalid', `CHARTER_APPROVERS: ${path} is no map of groups to names`, { cause });
  }
}
