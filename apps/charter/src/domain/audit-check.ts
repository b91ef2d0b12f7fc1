import { type AuditBreach, type AuditHead, type AuditRecord, breachAt, emptyChain } from './audit-chain.ts';
import { type AuditCheckpoint, isSigned } from './audit-checkpoint.ts';

export interface AuditCheck {
  /** The next record in order; false once something is broken. */
  record(record: AuditRecord): boolean;
  /** The end of the log is reached: what the checkpoints still wait for is missing. */
  end(): AuditBreach | null;
  readonly head: AuditHead;
  readonly breach: AuditBreach | null;
}

/** Walks a chain from its beginning and finds its first broken record. Keys are public PEM texts by their id. */
export function checkAudit(checkpoints: readonly AuditCheckpoint[], keys: ReadonlyMap<string, string>): AuditCheck {
  const waiting = checkpoints.toSorted((a, b) => a.seq - b.seq);
  let next = 0;
  let head = emptyChain;
  let breach: AuditBreach | null = null;

  function meetCheckpoints(): void {
    for (let at = waiting[next]; at && at.seq <= head.seq && breach === null; at = waiting[next]) {
      next += 1;
      const key = keys.get(at.keyId);
      if (key === undefined) breach = { seq: at.seq, reason: `has a checkpoint by an unknown key ${at.keyId}` };
      else if (!isSigned(at, key)) breach = { seq: at.seq, reason: 'has a checkpoint whose signature is wrong' };
      else if (at.hash !== head.hash) breach = { seq: at.seq, reason: 'is not the one its checkpoint was signed for' };
    }
  }

  return {
    record(record) {
      breach ??= breachAt(head, record);
      if (breach !== null) return false;
      head = { seq: record.seq, hash: record.hash };
      meetCheckpoints();
      return breach === null;
    },
    end() {
      const missing = waiting[next];
      if (breach === null && missing) {
        breach = { seq: head.seq + 1, reason: `is missing: a checkpoint was signed for ${String(missing.seq)}` };
      }
      return breach;
    },
    get head() {
      return head;
    },
    get breach() {
      return breach;
    },
  };
}
