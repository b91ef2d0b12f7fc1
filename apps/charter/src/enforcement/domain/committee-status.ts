/** The committee's nodes as they are now. */
export interface CommitteeNodes {
  /** Declared number of nodes. */
  readonly replicas: number;
  /** Nodes that run and whose last delivery went out. */
  readonly healthy: number;
  /** Nodes that are being started or replaced. */
  readonly starting: number;
}

export type CommitteeStatus = 'normal' | 'degraded' | 'critical' | 'recovering';

/** Without a majority of nodes it is critical, unless they are just coming back. */
export function committeeStatus({ replicas, healthy, starting }: CommitteeNodes): CommitteeStatus {
  if (healthy >= replicas && starting === 0) return 'normal';
  if (starting > 0) return 'recovering';
  return healthy * 2 > replicas ? 'degraded' : 'critical';
}

/** Votes that decide: more than half of the members, and at least one. */
export const majorityOf = (members: number): number => Math.max(1, Math.floor(members / 2) + 1);
