import { digestOf } from './digest.ts';

/** What happened: who did what to what. */
export interface AuditEntry {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An entry with its place in the chain: `hash` covers everything before it through `prevHash`. */
export interface AuditRecord extends AuditEntry {
  readonly seq: number;
  readonly at: string;
  readonly prevHash: string;
  readonly hash: string;
}

/** The end of the chain so far. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

/** The first record that is not what was written, and why. */
export interface AuditBreach {
  readonly seq: number;
  readonly reason: string;
}

export const emptyChain: AuditHead = { seq: 0, hash: '0'.repeat(64) };

export function recordHash({ seq, at, actor, action, subject, data, prevHash }: Omit<AuditRecord, 'hash'>): string {
  return digestOf([seq, at, actor, action, subject, data, prevHash]);
}

/** The records that follow `head` for these entries, in order. */
export function chainOn(head: AuditHead, entries: readonly AuditEntry[], at: string): AuditRecord[] {
  let { seq, hash: prevHash } = head;
  return entries.map(({ actor, action, subject, data }) => {
    seq += 1;
    const unhashed = {
      seq,
      at,
      actor: actor.toWellFormed(),
      action,
      subject: subject.toWellFormed(),
      data,
      prevHash,
    };
    const hash = recordHash(unhashed);
    prevHash = hash;
    return { ...unhashed, hash };
  });
}

/** Why `record` cannot follow `head`; null when it does. */
export function breachAt(head: AuditHead, record: AuditRecord): AuditBreach | null {
  if (record.seq !== head.seq + 1) {
    const reason = record.seq > head.seq ? 'is missing or out of order' : `is followed by ${String(record.seq)}`;
    return { seq: head.seq + 1, reason };
  }
  if (record.prevHash !== head.hash) return { seq: record.seq, reason: 'does not follow the record before it' };
  if (recordHash(record) !== record.hash) return { seq: record.seq, reason: 'was changed after it was written' };
  return null;
}
