import type { LimitDuty, Obligations as PolicyObligations } from '@charter/policy';
import type { Obligations } from '@charter/shared/contracts';

/**
 * Obligations as other services carry them. Bounds a minute or a day long are carried as the bound an hour long that
 * keeps both: what may happen once a minute may then happen once an hour.
 */
export function contractObligations({ approvals, limit, redact }: PolicyObligations): Obligations {
  const perHour = hourly(limit);
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

function hourly({ perMinute, perHour, perDay }: LimitDuty): number | null {
  const bounds = [perMinute, perHour, perDay === null ? null : Math.floor(perDay / 24)].filter(
    (bound) => bound !== null,
  );
  return bounds.length === 0 ? null : Math.min(...bounds);
}
