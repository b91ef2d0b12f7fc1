import type { Obligations } from '@charter/shared/contracts';

/** In which way new obligations ask for more than the old ones did; null when they do not. */
export function stricterThan(next: Obligations, former: Obligations): string | null {
  const smaller = (name: 'withinSeconds' | 'perHour' | 'blastRadius' | 'maxReplicas'): string | null => {
    const now = next[name];
    if (now === undefined) return null;
    const before = former[name];
    return before === undefined || now < before
      ? `${name} is ${String(now)}, was ${String(before ?? 'unlimited')}`
      : null;
  };
  if (next.quorum !== undefined && next.quorum > (former.quorum ?? 1)) {
    return `quorum is ${String(next.quorum)}, was ${String(former.quorum ?? 1)}`;
  }
  if (next.approvers !== undefined) {
    const allowed = new Set(next.approvers);
    const lost = former.approvers === undefined || former.approvers.some((name) => !allowed.has(name));
    if (lost) return `approvers are ${next.approvers.join(', ')}, were ${former.approvers?.join(', ') ?? 'anyone'}`;
  }
  return smaller('withinSeconds') ?? smaller('perHour') ?? smaller('blastRadius') ?? smaller('maxReplicas');
}
