import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpApp } from '../src/index.ts';
import { expectProblem } from '../src/testing/index.ts';
import { buildSample } from './sample-app.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const inAnHour = Math.floor(Date.now() / 1000) + 3600;
const claims = {
  sub: 'ada',
  roles: ['viewer', 'approver', 'gardener'],
  iss: 'https://idp',
  aud: 'charter',
  exp: inAnHour,
};

function tokenOf(payload: object, header: object = { alg: 'RS256', typ: 'JWT' }): string {
  const signed = `${base64(header)}.${base64(payload)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

let folder: string;
let app: HttpApp;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'charter-jwt-'));
  await writeFile(join(folder, 'key.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(join(folder, 'keys.json'), '[{"name":"x","role":"root","sha256":""}]');
  app = await buildSample({
    environment: {
      CHARTER_JWT_PUBLIC_KEY: join(folder, 'key.pem'),
      CHARTER_JWT_ISSUER: 'https://idp',
      CHARTER_JWT_AUDIENCE: 'charter',
      CHARTER_JWT_ROLE_CLAIM: 'roles',
    },
  });
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

const create = (token: string) =>
  app.inject({ method: 'POST', url: '/things', payload: { size: 1 }, headers: { authorization: `Bearer ${token}` } });

test('a signed token lets its subject in with the highest of its roles', async () => {
  const answer = await create(tokenOf(claims));
  expect(answer.json()).toEqual({ id: 'ada', size: 1 });
});

test.each([
  ['for somebody else', tokenOf({ ...claims, aud: 'other' })],
  ['from another issuer', tokenOf({ ...claims, iss: 'https://evil' })],
  ['that expired', tokenOf({ ...claims, exp: inAnHour - 7200 })],
  ['that never expires', tokenOf({ ...claims, exp: undefined })],
  ['without a signature', `${base64({ alg: 'none' })}.${base64(claims)}.`],
  ['with a changed payload', tokenOf(claims).replace(/\.[^.]+\./, `.${base64({ ...claims, sub: 'eve' })}.`)],
])('a token %s is refused', async (_which, token) => {
  expectProblem(await create(token), 'unauthenticated');
});

test('tokens signed with a shared secret are taken, and those signed with another are not', async () => {
  const secret = 'a secret of more than 32 characters';
  const environment = {
    CHARTER_JWT_SECRET: secret,
    CHARTER_JWT_ISSUER: 'https://idp',
    CHARTER_JWT_AUDIENCE: 'charter',
  };
  const shared = await buildSample({ environment });
  const signed = `${base64({ alg: 'HS256', typ: 'JWT' })}.${base64({ ...claims, role: 'admin' })}`;
  const statusWith = async (key: string) => {
    const token = `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
    const headers = { authorization: `Bearer ${token}` };
    return (await shared.inject({ method: 'POST', url: '/run', headers })).statusCode;
  };
  expect([await statusWith(secret), await statusWith('another')]).toEqual([200, 401]);
  await shared.close();
});

test('the public key is no shared secret', async () => {
  const signed = `${base64({ alg: 'HS256', typ: 'JWT' })}.${base64({ ...claims, roles: 'admin' })}`;
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  expectProblem(
    await create(`${signed}.${createHmac('sha256', pem).update(signed).digest('base64url')}`),
    'unauthenticated',
  );
});

test('a token that names none of our roles, or a lesser one, is refused as such', async () => {
  expectProblem(await create(tokenOf({ ...claims, roles: 'gardener' })), 'role-missing');
  expectProblem(await create(tokenOf({ ...claims, roles: 'viewer' })), 'role-missing');
});

test('authentication that is only half configured stops the start and names the variable', async () => {
  const secret = { CHARTER_JWT_SECRET: 'x'.repeat(32) };
  await expect(buildSample({ environment: secret })).rejects.toThrow('CHARTER_JWT_ISSUER');
  const absent = { CHARTER_API_KEYS: join(folder, 'absent.json') };
  await expect(buildSample({ environment: absent })).rejects.toThrow('CHARTER_API_KEYS: cannot read');
  const wrong = { CHARTER_API_KEYS: join(folder, 'keys.json') };
  await expect(buildSample({ environment: wrong })).rejects.toThrow('CHARTER_API_KEYS: is no list');
});
