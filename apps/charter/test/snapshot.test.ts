import { generateKeyPairSync } from 'node:crypto';
import { compilePolicies, decide, parsePolicy } from '@charter/policy';
import { createCharterClient, openSnapshot } from '@charter/shared/charter-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { charterFixture, type Fixture } from './fixture.ts';

let charter: Fixture;
beforeAll(async () => {
  charter = await charterFixture({ CHARTER_SNAPSHOT_MAX_AGE: '10m' });
  const rule = { id: 'read', effect: 'allow', match: { actions: ['read', 'SCALE_UP'] }, automation: { max: 'auto' } };
  const policy = { apiVersion: 'charter/v1', kind: 'Policy', metadata: { name: 'reads' }, rules: [rule] };
  await charter.ok(charter.post('policies/apply', { policy }), 201);
});
afterAll(() => charter.close());

test('a signed snapshot lets reads go on while the charter is away, for a time; automatic actions stop', async () => {
  const client = createCharterClient({ url: charter.first.url, timeoutMs: 5_000 });
  const { publicKey, ...signed } = await client.snapshot();
  await charter.first.close();

  const now = new Date();
  const { policies, environment, policyVersion } = openSnapshot(signed, publicKey, now);
  const parsed = policies
    .map(({ document }) => parsePolicy(document))
    .flatMap((result) => (result.ok ? [result.policy] : []));
  const compiled = compilePolicies(parsed, { environment });
  if (!compiled.ok) return expect.unreachable('what the charter signed compiles');
  expect(policyVersion).toMatch(/^[0-9a-f]{16}$/);
  expect(decide(compiled.snapshot, { action: 'read', metric: 'x', now: now.getTime() }).effect).toBe('allow');
  expect(await client.decide({ action: 'SCALE_UP', target: 'x' })).toMatchObject({
    effect: 'deny',
    automation: 'observe',
  });

  const later = new Date(now.getTime() + 11 * 60_000);
  expect(() => openSnapshot(signed, publicKey, later)).toThrow('too old');
  const forged = { ...signed, payload: signed.payload.replace('"allow"', '"deny"') };
  expect(() => openSnapshot(forged, publicKey, now)).toThrow('not signed');
  const stranger = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
  expect(() => openSnapshot(signed, stranger, now)).toThrow('not signed');
});
