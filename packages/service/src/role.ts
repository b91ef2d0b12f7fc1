import { CharterError } from '@charter/shared/contracts';
import type { FastifyRequest } from 'fastify';

/** Roles from least to most: each may do what those before it may. */
export const roles = ['viewer', 'operator', 'approver', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Role a route needs; `none` is open to everyone. */
export type RouteRole = Role | 'none';

/** Who calls. Without authentication (loopback only) that is the admin named `local`. */
export interface Identity {
  readonly name: string;
  readonly role: RouteRole;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Least role that may use the route. */
    role?: RouteRole;
    /** No trace, no access log: for reports whose sender must stay unknown. */
    anonymous?: boolean;
    /** A third-party page: takes whatever query and body it likes. */
    page?: boolean;
  }
  interface FastifyRequest {
    identity: Identity | null;
  }
}

/** Route option: `config: role('operator')`. Every route needs it. */
export const role = (needed: RouteRole): { role: RouteRole } => ({ role: needed });

/** Whether somebody with role `held` may use what needs `needed`. */
export function permits(held: RouteRole, needed: RouteRole): boolean {
  if (needed === 'none') return true;
  if (held === 'none') return false;
  return roles.indexOf(held) >= roles.indexOf(needed);
}

/** Who makes this request: name and role. Routes with role `none` see the caller `anonymous`. */
export function identityOf(request: FastifyRequest): Identity {
  if (!request.identity) throw new CharterError('unauthenticated', 'The request has no identity');
  return request.identity;
}
