import type { Obligations as PolicyObligations } from '@charter/policy';
import type { Obligations } from '@charter/shared/contracts';

/** Obligations as other services carry them. Bounds on a minute or a day are kept here, by `domain/usage.ts`. */
export function contractObligations({ approvals, limit, redact }: PolicyObligations): Obligations {
  const { perHour } = limit;
  const within = approvals.map(({ withinSeconds }) => withinSeconds).filter((seconds) => seconds !== null);
  return {
    ...(approvals.length === 0
      ? {}
      : {
          approvers: approvals.map(({ approvers }) => approvers),
          quorum: Math.max(...approvals.map(({ quorum }) => quorum)),
        }),
    ...(within.length === 0 ? {} : { withinSeconds: Math.min(...within) }),
    ...(perHour === null ? {} : { perHour }),
    ...(limit.blastRadius === null ? {} : { blastRadius: limit.blastRadius }),
    ...(redact.length === 0 ? {} : { redact: [...redact] }),
  };
}
