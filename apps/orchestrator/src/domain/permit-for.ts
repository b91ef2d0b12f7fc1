import type { PauseScope, Permit } from '@charter/shared/contracts';

export interface Pause {
  readonly scope: PauseScope;
  readonly reason: string;
  readonly by: string;
  readonly since: string;
}

/** What wants to act: on which target group, under which policies. */
export interface PermitRequest {
  readonly group: string;
  readonly policies: readonly string[];
}

/** A permit's lease in seconds: a pause takes effect everywhere within it. */
export const permitSeconds = 5;

export function permitFor(request: PermitRequest, pauses: readonly Pause[], now: Date): Permit {
  const standing = pauses.filter(({ scope }) => covers(scope, request));
  const [first] = standing;
  return {
    granted: first === undefined,
    reason: first ? `Paused (${nameOf(first.scope)}) by ${first.by} since ${first.since}: ${first.reason}` : null,
    paused: standing.map(({ scope }) => scope),
    issuedAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + permitSeconds * 1_000).toISOString(),
  };
}

export const nameOf = (scope: PauseScope): string =>
  scope.kind === 'global' ? 'global' : `${scope.kind} ${scope.name}`;

function covers(scope: PauseScope, { group, policies }: PermitRequest): boolean {
  switch (scope.kind) {
    case 'global':
      return true;
    case 'group':
      return scope.name === group;
    case 'policy':
      return policies.includes(scope.name);
  }
}
