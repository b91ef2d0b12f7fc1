import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { CharterError, Name } from '@charter/shared/contracts';
import jwt from '@fastify/jwt';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ServiceConfig } from './config.ts';
import { type Identity, permits, type Role, roles } from './role.ts';

const ApiKeys = z.array(
  z.strictObject({
    name: Name,
    role: z.enum(roles),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is no hex SHA-256'),
  }),
);

const anonymous: Identity = { name: 'anonymous', role: 'none' };
const local: Identity = { name: 'local', role: 'admin' };

const usesJwt = (config: ServiceConfig): boolean =>
  config.CHARTER_JWT_SECRET !== undefined || config.CHARTER_JWT_PUBLIC_KEY !== undefined;

/** Whether callers have to prove who they are. */
export const isAuthenticationConfigured = (config: ServiceConfig): boolean =>
  config.CHARTER_API_KEYS !== undefined || usesJwt(config);

/** Whether an address or host name can only be reached from this machine. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

async function readConfigured(variable: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CharterError('config-invalid', `${variable}: cannot read ${path}`, { cause });
  }
}

async function readApiKeys(config: ServiceConfig): Promise<Map<string, Identity>> {
  if (config.CHARTER_API_KEYS === undefined) return new Map();
  const text = await readConfigured('CHARTER_API_KEYS', config.CHARTER_API_KEYS);
  try {
    return new Map(ApiKeys.parse(JSON.parse(text)).map(({ name, role, sha256 }) => [sha256, { name, role }]));
  } catch (cause) {
    throw new CharterError('config-invalid', 'CHARTER_API_KEYS: is no list of {name, role, sha256}', { cause });
  }
}

async function registerJwt(app: FastifyInstance, config: ServiceConfig): Promise<void> {
  const { CHARTER_JWT_ISSUER: issuer, CHARTER_JWT_AUDIENCE: audience, CHARTER_JWT_PUBLIC_KEY: keyFile } = config;
  if (issuer === undefined || audience === undefined) {
    throw new CharterError(
      'config-invalid',
      'CHARTER_JWT_ISSUER, CHARTER_JWT_AUDIENCE: both are needed to verify JWTs',
    );
  }
  const verify = { allowedIss: issuer, allowedAud: audience, requiredClaims: ['exp'] };
  if (keyFile !== undefined) {
    const publicKey = await readConfigured('CHARTER_JWT_PUBLIC_KEY', keyFile);
    await app.register(jwt, { secret: { public: publicKey, private: '' }, verify });
  } else {
    await app.register(jwt, {
      secret: config.CHARTER_JWT_SECRET ?? '',
      verify: { ...verify, algorithms: ['HS256', 'HS384', 'HS512'] },
    });
  }
}

/** The highest of our roles that a claim names, as a word or a list of words. */
function roleFrom(claim: unknown): Role | undefined {
  const named: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return roles.findLast((candidate) => named.includes(candidate));
}

/** A key or token that came with a request in another way than the `Authorization` header. */
export type TokenSource = (request: FastifyRequest) => string | undefined;

/** Browsers send cookies along with requests that other sites' pages make: those must not act as the person. */
function refuseOtherOrigin(request: FastifyRequest): void {
  const { origin } = request.headers;
  if (origin === undefined || URL.parse(origin)?.host === request.host) return;
  throw new CharterError('unauthenticated', 'A page of another origin may not use this cookie');
}

function tokenOf(request: FastifyRequest, tokenFrom: TokenSource): string {
  const [, bearer] = /^Bearer ([^\s]+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (bearer !== undefined) return bearer;
  const token = tokenFrom(request);
  if (token === undefined) throw new CharterError('unauthenticated', 'Send Authorization: Bearer <key or token>');
  refuseOtherOrigin(request);
  return token;
}

/** A page from elsewhere, or a name rebound to loopback, must not act as the local admin. */
function refuseForeignPages(request: FastifyRequest): void {
  const origin = request.headers.origin;
  const hosts = [request.hostname, ...(origin === undefined ? [] : [URL.parse(origin)?.hostname ?? origin])];
  for (const host of hosts) {
    if (isLoopback(host.replace(/^\[(.*)\]$/, '$1'))) continue;
    throw new CharterError('unauthenticated', 'Without authentication only this machine may call, by a loopback name');
  }
}

/** Finds out who calls and refuses whoever lacks the route's role. Without configuration everyone local is admin. */
export async function authenticate(
  app: FastifyInstance,
  config: ServiceConfig,
  tokenFrom: TokenSource = () => undefined,
): Promise<void> {
  const isConfigured = isAuthenticationConfigured(config);
  const apiKeys = await readApiKeys(config);
  if (usesJwt(config)) await registerJwt(app, config);

  function fromToken(token: string): Identity {
    const known = apiKeys.get(hash('sha256', token, 'hex'));
    if (known) return known;
    if (!usesJwt(config)) throw new CharterError('unauthenticated', 'The key is not known');
    let claims: Record<string, unknown>;
    try {
      claims = app.jwt.verify<Record<string, unknown>>(token);
    } catch (cause) {
      throw new CharterError('unauthenticated', 'The token is not valid', { cause });
    }
    const held = roleFrom(claims[config.CHARTER_JWT_ROLE_CLAIM]);
    if (held === undefined) throw new CharterError('role-missing', 'The token names none of our roles');
    return { name: typeof claims.sub === 'string' ? claims.sub : 'unnamed', role: held };
  }

  app.decorateRequest('identity', null);
  app.addHook('onRequest', async (request) => {
    const needed = request.routeOptions.config.role;
    if (needed === undefined || needed === 'none') {
      request.identity = anonymous;
      return;
    }
    if (isConfigured) request.identity = fromToken(tokenOf(request, tokenFrom));
    else {
      refuseForeignPages(request);
      request.identity = local;
    }
    if (!permits(request.identity.role, needed)) {
      throw new CharterError('role-missing', `This route needs the role ${needed}`);
    }
  });
}
