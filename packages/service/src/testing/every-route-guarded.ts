import { hash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { HttpApp } from '../http.ts';
import { type Role, type RouteRole, roles } from '../role.ts';
import { expectProblem, problemOf } from './expect-problem.ts';
import { type DocumentedOperation, operationsOf, urlOf } from './operations.ts';

/** One API key per role, and the file that `CHARTER_API_KEYS` names. */
export interface TestKeys {
  readonly file: string;
  readonly keys: Readonly<Record<Role, string>>;
  /** `{ authorization: 'Bearer …' }` of a role. */
  headers(role: Role): { authorization: string };
  close(): Promise<void>;
}

/** Writes a key file with one key per role, each named as its role. Close removes it. */
export async function createTestKeys(): Promise<TestKeys> {
  const folder = await mkdtemp(join(tmpdir(), 'charter-keys-'));
  const file = join(folder, 'keys.json');
  const fresh = (): string => randomBytes(24).toString('base64url');
  const keys = { viewer: fresh(), operator: fresh(), approver: fresh(), admin: fresh() };
  const lines = roles.map((role) => ({ name: role, role, sha256: hash('sha256', keys[role], 'hex') }));
  await writeFile(file, JSON.stringify(lines));
  return {
    file,
    keys,
    headers: (role) => ({ authorization: `Bearer ${keys[role]}` }),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** What each role may use, written out here so that the proof does not lean on what it proves. */
const reach: Readonly<Record<Role, readonly RouteRole[]>> = {
  viewer: ['none', 'viewer'],
  operator: ['none', 'viewer', 'operator'],
  approver: ['none', 'viewer', 'operator', 'approver'],
  admin: ['none', 'viewer', 'operator', 'approver', 'admin'],
};

/** A parameter that no route declares: a caller who is let in gets 400 for it, before the handler runs. */
const stopper = '?charter-test-stop=1';

async function expectGuarded(app: HttpApp, keys: TestKeys, operation: DocumentedOperation): Promise<void> {
  const { method, title, role: needed } = operation;
  const url = urlOf(operation) + stopper;
  if (needed !== 'none') {
    expectProblem(await app.inject({ method, url }), 'unauthenticated');
    expectProblem(await app.inject({ method, url, headers: { authorization: 'Bearer wrong' } }), 'unauthenticated');
  }
  for (const held of roles) {
    const { code } = problemOf(await app.inject({ method, url, headers: keys.headers(held) }));
    const isRefused = code === 'role-missing' || code === 'unauthenticated';
    expect(isRefused, `${title} as ${held}`).toBe(!reach[held].includes(needed));
  }
}

/**
 * Proves from the OpenAPI document that every route enforces the role it names: refused without a key, with a wrong
 * key and with each lesser role, let in from that role up. Build the app with `CHARTER_API_KEYS: keys.file`.
 * No handler runs. Gives the number of routes proven.
 */
export async function expectEveryRouteGuarded(app: HttpApp, keys: TestKeys): Promise<number> {
  const operations = (await operationsOf(app)).filter(({ method }) => method !== 'HEAD');
  for (const operation of operations) await expectGuarded(app, keys, operation);
  return operations.length;
}
