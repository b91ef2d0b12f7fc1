import { z } from 'zod';
import type { AuditBreach, AuditHead } from './audit-chain.ts';
import { checkAudit } from './audit-check.ts';
import { keyIdOf } from './audit-checkpoint.ts';

const Record = z.strictObject({
  seq: z.int(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  /** Taken as it was read: a copy could lose keys such as `__proto__`, and with them the hash. */
  data: z.custom<Record<string, unknown>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  ),
  prevHash: z.string(),
  hash: z.string(),
});
const Ending = z.strictObject({
  checkpoint: z.strictObject({
    seq: z.int(),
    hash: z.string(),
    at: z.string(),
    keyId: z.string(),
    signature: z.string(),
  }),
  publicKey: z.string(),
});
type RecordLine = z.infer<typeof Record>;
const Line = z.union([Record, Ending]);

export interface ExportVerdict {
  readonly valid: boolean;
  readonly head: AuditHead;
  readonly firstBroken: AuditBreach | null;
  /** Id of the key that signed the end. */
  readonly keyId: string | null;
}

/**
 * Verifies an export of the audit log: JSON lines, records in order and a signed checkpoint at the end. Without
 * `publicKey` the key in the export is taken, which proves that it is whole but not who wrote it.
 */
export async function verifyExport(lines: AsyncIterable<string>, publicKey?: string): Promise<ExportVerdict> {
  const parsed: Array<z.infer<typeof Line>> = [];
  for await (const line of lines) {
    if (line.trim() === '') continue;
    const read = lineFrom(line);
    if (read === null) {
      const head = lastOf(parsed);
      const firstBroken = { seq: head.seq + 1, reason: 'is no record' };
      return { valid: false, head, firstBroken, keyId: null };
    }
    parsed.push(read);
  }
  const records = parsed.filter((line): line is RecordLine => 'seq' in line);
  const ending = parsed.find((line): line is z.infer<typeof Ending> => 'checkpoint' in line);
  const key = publicKey ?? ending?.publicKey;
  const keys = new Map(key === undefined ? [] : [[keyIdOf(key), key]]);
  const check = checkAudit(ending ? [ending.checkpoint] : [], keys);
  for (const record of records) if (!check.record(record)) break;
  const firstBroken = check.end() ?? unsigned(check.head, ending?.checkpoint ?? null);
  return { valid: firstBroken === null, head: check.head, firstBroken, keyId: ending?.checkpoint.keyId ?? null };
}

function lineFrom(line: string): z.infer<typeof Line> | null {
  try {
    return Line.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

const lastOf = (lines: ReadonlyArray<z.infer<typeof Line>>): AuditHead => {
  const last = lines.findLast((line): line is RecordLine => 'seq' in line);
  return { seq: last?.seq ?? 0, hash: last?.hash ?? '' };
};

function unsigned(head: AuditHead, checkpoint: AuditHead | null): AuditBreach | null {
  if (checkpoint !== null && checkpoint.seq >= head.seq) return null;
  return { seq: head.seq + 1, reason: 'is missing: the export does not end with a signed checkpoint' };
}
