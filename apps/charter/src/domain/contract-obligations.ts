import type { Obligations as PolicyObligations } from '@charter/policy';
import type { Obligations } from '@charter/shared/contracts';

/** Obligations as others carry them. Bounds on a minute or a day are kept here, by `domain/usage.ts`. */
export function contractObligations({ approvals, limit, redact, retentionSeconds }: PolicyObligations): Obligations {
  const { perHour } = limit;
  const within = approvals.map(({ withinSeconds }) => withinSeconds).filter((seconds) => seconds !== null);
  const validFor = approvals.map(({ validForSeconds }) => validForSeconds).filter((seconds) => seconds !== null);
  return {
    ...(approvals.length === 0
      ? {}
      : {
          approvers: approvals.map(({ approvers }) => approvers),
          quorum: Math.max(...approvals.map(({ quorum }) => quorum)),
        }),
    ...(within.length === 0 ? {} : { withinSeconds: Math.min(...within) }),
    ...(validFor.length === 0 ? {} : { validForSeconds: Math.min(...validFor) }),
    ...(perHour === null ? {} : { perHour }),
    ...(limit.blastRadius === null ? {} : { blastRadius: limit.blastRadius }),
    ...(redact.length === 0 ? {} : { redact: [...redact] }),
    ...(retentionSeconds === null ? {} : { retentionSeconds }),
  };
}
