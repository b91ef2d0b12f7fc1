import { secondsFrom } from '../document/duration.ts';
import type { AutomationMode, ObligationDocument } from '../document/native-document.ts';

/** One group whose approval is needed. Durations are seconds; null means no bound. */
export interface ApprovalDuty {
  readonly approvers: string;
  readonly quorum: number;
  readonly withinSeconds: number | null;
  readonly validForSeconds: number | null;
}

/** Upper bounds on acting; null means none. `blastRadius` is a share 0..1. */
export interface LimitDuty {
  readonly perMinute: number | null;
  readonly perHour: number | null;
  readonly perDay: number | null;
  readonly concurrent: number | null;
  readonly blastRadius: number | null;
}

/** The duties that come with a decision, the strictest of every matching rule. */
export interface Obligations {
  readonly redact: readonly string[];
  readonly approvals: readonly ApprovalDuty[];
  readonly limit: LimitDuty;
  readonly retentionSeconds: number | null;
  readonly notify: readonly string[];
}

const noLimit: LimitDuty = { perMinute: null, perHour: null, perDay: null, concurrent: null, blastRadius: null };
export const noObligations: Obligations = {
  redact: [],
  approvals: [],
  limit: noLimit,
  retentionSeconds: null,
  notify: [],
};

export function obligationsFrom(documents: readonly ObligationDocument[]): Obligations {
  return documents.length === 0 ? noObligations : mergeObligations(documents.map(oneFrom));
}

function oneFrom(document: ObligationDocument): Obligations {
  const { limit } = document;
  return {
    redact: document.redact ?? [],
    approvals:
      document.approvers === undefined
        ? []
        : [
            {
              approvers: document.approvers,
              quorum: document.quorum ?? 1,
              withinSeconds: durationOf(document.within),
              validForSeconds: durationOf(document.validFor),
            },
          ],
    limit: {
      perMinute: limit?.perMinute ?? null,
      perHour: limit?.perHour ?? null,
      perDay: limit?.perDay ?? null,
      concurrent: limit?.concurrent ?? null,
      blastRadius: limit?.blastRadius === undefined ? null : shareFrom(limit.blastRadius),
    },
    retentionSeconds: durationOf(document.retention),
    notify: document.notify ?? [],
  };
}

/** Strictest wins: unions of redactions and notices, least of limits, most of quorums, every group that must approve. */
export function mergeObligations(all: readonly Obligations[]): Obligations {
  const [first = noObligations, ...others] = all.filter((one) => one !== noObligations);
  return others.reduce(
    (merged, next): Obligations => ({
      redact: union(merged.redact, next.redact),
      approvals: mergeApprovals(merged.approvals, next.approvals),
      limit: {
        perMinute: least(merged.limit.perMinute, next.limit.perMinute),
        perHour: least(merged.limit.perHour, next.limit.perHour),
        perDay: least(merged.limit.perDay, next.limit.perDay),
        concurrent: least(merged.limit.concurrent, next.limit.concurrent),
        blastRadius: least(merged.limit.blastRadius, next.limit.blastRadius),
      },
      retentionSeconds: least(merged.retentionSeconds, next.retentionSeconds),
      notify: union(merged.notify, next.notify),
    }),
    first,
  );
}

function mergeApprovals(a: readonly ApprovalDuty[], b: readonly ApprovalDuty[]): ApprovalDuty[] {
  const groups = new Map<string, ApprovalDuty>();
  for (const duty of [...a, ...b]) {
    const other = groups.get(duty.approvers);
    groups.set(duty.approvers, {
      approvers: duty.approvers,
      quorum: Math.max(duty.quorum, other?.quorum ?? 0),
      withinSeconds: least(duty.withinSeconds, other?.withinSeconds ?? null),
      validForSeconds: least(duty.validForSeconds, other?.validForSeconds ?? null),
    });
  }
  return [...groups.values()].sort((x, y) => (x.approvers < y.approvers ? -1 : 1));
}

const modes: readonly AutomationMode[] = ['observe', 'approve', 'auto'];

/** The lower of two ceilings; null is no ceiling. */
export function lowerAutomation(a: AutomationMode | null, b: AutomationMode | null): AutomationMode | null {
  if (a === null || b === null) return a ?? b;
  return modes.indexOf(a) <= modes.indexOf(b) ? a : b;
}

const durationOf = (text: string | undefined): number | null => (text === undefined ? null : secondsFrom(text));
const shareFrom = (share: number | string): number =>
  typeof share === 'number' ? share : Number.parseFloat(share) / 100;
const union = (a: readonly string[], b: readonly string[]): string[] => [...new Set([...a, ...b])].sort();

function least(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
