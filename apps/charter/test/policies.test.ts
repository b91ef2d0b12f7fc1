import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Approval, Decision, Problem } from '@charter/shared/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { charterFixture, type Fixture } from './fixture.ts';

const classic = (environment: string) =>
  readFile(join(import.meta.dirname, '../../../deploy/policies', `${environment}.yaml`), 'utf8');

let charter: Fixture;
beforeAll(async () => {
  charter = await charterFixture();
});
afterAll(() => charter.close());

interface Applied {
  policy_id: string;
  version: string;
  status: string;
  approval: Approval | null;
}
interface Stored {
  policy_id: string;
  name: string;
  status: string;
  revision: number;
  environment: string | null;
}

const billing = (rules: object[], metadata: object = {}) => ({
  apiVersion: 'charter/v1',
  kind: 'Policy',
  metadata: { name: 'billing', ...metadata },
  rules,
});
const allowExport = { id: 'export', effect: 'allow', match: { actions: ['export'], metrics: ['billing_*'] } };
const denyCards = { id: 'cards', effect: 'deny', match: { metrics: ['billing_card_*'] } };
const apply = (policy: unknown, more: object = {}) =>
  charter.post<Applied>('policies/apply', { policy, source: 'test', ...more });
const applied = (policy: unknown) => charter.ok(apply(policy), 201);
const decide = (metric: string) => charter.ok(charter.post<Decision>('decisions', { action: 'export', metric }));
const active = async (name: string) =>
  (await charter.ok(charter.get<Stored[]>('policies'))).filter(
    (policy) => policy.name === name && policy.status === 'active',
  );

describe('validation', () => {
  test.each(['development', 'staging', 'production'])(
    'counts what the %s document allows and forbids',
    async (environment) => {
      const answer = await charter.ok(charter.post('policies/validate', await classic(environment)));
      expect(answer).toMatchObject({
        valid: true,
        form: 'classic',
        environment,
        metrics: { whitelisted: 13, forbidden: 6 },
      });
    },
  );

  test('takes a JSON object, and names every error with its pointer', async () => {
    expect(await charter.ok(charter.post('policies/validate', billing([allowExport])))).toMatchObject({
      valid: true,
      rules: 1,
    });
    const { status, body } = await charter.post<Problem>(
      'policies/validate',
      billing([{ ...allowExport, effect: 'maybe' }, { id: 'x' }]),
    );
    expect(status).toBe(422);
    expect(body.errors.map(({ pointer }) => pointer)).toEqual(
      expect.arrayContaining(['/rules/0/effect', '/rules/1/effect', '/rules/1/match']),
    );
  });

  test.each([
    [null],
    [1],
    [[]],
    ['just words'],
    [{}],
    [{ kind: 'Policy' }],
    [billing([{ ...allowExport, id: 'a\0b' }])],
  ])('refuses %j as a document', async (body) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${charter.first.url}/api/v1/policies/validate`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(422);
  });
});

test.each([
  [{ notify: ['sre'] }, '/rules/0/obligations/0/notify', 'notify'],
  [{ limit: { concurrent: 2 } }, '/rules/0/obligations/0/limit/concurrent', 'perMinute'],
])('refuses the obligation %j, which nobody here keeps, and says where', async (obligation, pointer, word) => {
  const { status, body } = await charter.post<Problem>(
    'policies/validate',
    billing([{ ...allowExport, obligations: [obligation] }]),
  );
  expect(status).toBe(422);
  expect(body.errors).toEqual([expect.objectContaining({ pointer, detail: expect.stringContaining(word) })]);
});

test('tells whoever asks how long data may be kept and an approval stands', async () => {
  const keep = { ...allowExport, obligations: [{ retention: '2d' }] };
  await charter.ok(charter.post('policies/apply', { policy: billing([keep], { name: 'keeping' }) }), 201);
  expect(await decide('billing_total')).toMatchObject({ effect: 'allow', obligations: { retentionSeconds: 172_800 } });
  const lasting = {
    id: 'ask',
    effect: 'require-approval',
    match: { actions: ['erase'] },
    obligations: [{ approvers: 'dpo', validFor: '1h' }],
  };
  await charter.ok(charter.post('policies/apply', { policy: billing([lasting], { name: 'keeping' }) }), 201);
  expect(await charter.ok(charter.post<Decision>('decisions', { action: 'erase' }))).toMatchObject({
    effect: 'require-approval',
    obligations: { approvers: ['dpo'], validForSeconds: 3_600 },
  });
});

describe('the life of a policy', () => {
  test('apply puts it in force, the same again is the same revision, another supersedes it', async () => {
    const first = await applied(billing([allowExport], { version: '1.0' }));
    expect(first).toMatchObject({ version: '1.0', status: 'active' });
    expect(await decide('billing_total')).toMatchObject({ effect: 'allow' });
    expect((await applied(billing([allowExport], { version: '1.0' }))).policy_id).toBe(first.policy_id);
    const second = await applied(billing([allowExport, denyCards], { version: '1.1' }));
    expect(second.policy_id).not.toBe(first.policy_id);
    expect(await decide('billing_card_number')).toMatchObject({ effect: 'deny', reasons: [{ rule: 'cards' }] });
    expect(await charter.ok(charter.get(`policies/${first.policy_id}`))).toMatchObject({
      status: 'superseded',
      document: { kind: 'Policy' },
    });
    expect(await active('billing')).toHaveLength(1);
  });

  test('rollback puts the one before in force again', async () => {
    const [now] = await active('billing');
    const rolled = await charter.ok(
      charter.post<Stored & { rolledBack: string }>(`policies/${now?.policy_id ?? ''}/rollback`, undefined),
    );
    expect(rolled).toMatchObject({ status: 'active', rolledBack: now?.policy_id });
    expect(await decide('billing_card_number')).toMatchObject({ effect: 'allow' });
    expect(await charter.ok(charter.get(`policies/${now?.policy_id ?? ''}`))).toMatchObject({ status: 'rolled_back' });
    expect(await charter.post(`policies/${rolled.policy_id}/rollback`, undefined)).toMatchObject({ status: 409 });
  });

  test('a draft is changed by one of two writers, and activated', async () => {
    const { policy_id: id, revision } = await charter.ok(
      charter.post<Stored>('policies', billing([denyCards], { name: 'drafted' })),
      201,
    );
    const writes = [1, 2].map((perHour) =>
      charter.call('PUT', `policies/${id}`, {
        revision,
        policy: billing([{ ...denyCards, obligations: [{ limit: { perHour } }] }], { name: 'drafted' }),
      }),
    );
    expect((await Promise.all(writes)).map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await active('drafted')).toEqual([]);
    expect(await charter.ok(charter.post(`policies/${id}/activate`))).toMatchObject({
      policy_id: id,
      status: 'active',
    });
    expect(
      await charter.call('PUT', `policies/${id}`, { revision: 2, policy: billing([denyCards], { name: 'drafted' }) }),
    ).toMatchObject({ status: 409 });
  });

  test('of many who apply at once from the same state one wins', async () => {
    const [before] = await active('billing');
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map((perHour) =>
        apply(billing([{ ...allowExport, obligations: [{ limit: { perHour } }] }]), {
          expectedActive: before?.policy_id,
        }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    expect(await active('billing')).toHaveLength(1);
  });

  test('one that demands approval waits for people, and so does taking its place', async () => {
    const careful = billing([allowExport], { name: 'careful', requiresApproval: true });
    const first = await applied(careful);
    expect(first).toMatchObject({ status: 'pending', approval: { status: 'pending', action: 'APPLY_POLICY' } });
    expect(await active('careful')).toEqual([]);
    await charter.ok(charter.post(`approvals/${first.approval?.id ?? ''}/approve`));
    expect(await active('careful')).toMatchObject([{ policy_id: first.policy_id }]);
    const lax = await applied(billing([allowExport, denyCards], { name: 'careful' }));
    expect(lax.status).toBe('pending');
    await charter.ok(charter.post(`approvals/${lax.approval?.id ?? ''}/reject`, { reason: 'why?' }));
    expect(await charter.ok(charter.get(`policies/${lax.policy_id}`))).toMatchObject({ status: 'rejected' });
    expect(await active('careful')).toMatchObject([{ policy_id: first.policy_id }]);
    const again = await applied(billing([allowExport, denyCards], { name: 'careful' }));
    expect(again.approval?.id).not.toBe(lax.approval?.id);
    await charter.ok(charter.post(`approvals/${again.approval?.id ?? ''}/approve`));
    expect(await active('careful')).toMatchObject([{ policy_id: again.policy_id }]);
  });

  test('a pack whose policy demands approval waits for people as a whole', async () => {
    const policy = billing([allowExport], { name: 'packed', requiresApproval: true });
    const window = {
      apiVersion: 'charter/v1',
      kind: 'Window',
      metadata: { name: 'hours' },
      type: 'hours',
      weekly: { days: ['mon'], start: '08:00', end: '17:00' },
    };
    const { id } = await charter.ok(
      charter.post<{ id: string }>('packs', { name: 'packed', documents: [policy, window] }),
      201,
    );
    const { approval } = await charter.ok(charter.post<{ approval: Approval }>(`packs/${id}/activate`), 202);
    expect(await charter.get('packs/active')).toMatchObject({ status: 404 });
    expect(await charter.ok(charter.post<{ approval: Approval }>(`packs/${id}/activate`), 202)).toMatchObject({
      approval: { id: approval.id },
    });
    await charter.ok(charter.post(`approvals/${approval.id}/approve`));
    expect(await charter.ok(charter.get('packs/active'))).toMatchObject({ id, policies: ['packed'] });
    expect(await active('packed')).toHaveLength(1);
  });

  test('documents of several environments are in force side by side', async () => {
    const development = await applied(await classic('development'));
    expect(development.status).toBe('active');
    expect(await active('Telemetry Charter')).toMatchObject([{ environment: 'development' }]);
    const request = { action: 'collect', metric: 'latency_p50' };
    expect(await charter.ok(charter.post('decisions', { ...request, environment: 'development' }))).toMatchObject({
      effect: 'allow',
    });
    expect(await charter.ok(charter.post('decisions', request))).toMatchObject({ effect: 'deny' });
  });
});

describe('a dry run', () => {
  test('says which recorded decisions a version would change, and changes nothing', async () => {
    await applied(billing([allowExport]));
    const { decisionId } = await decide('billing_total');
    const strict = billing([{ ...allowExport, effect: 'deny' }]);
    interface Trial {
      replayed: number;
      changed: Array<{ decisionId: string; before: object; after: object }>;
      tests: object;
    }
    const trial = async () => charter.ok(charter.post<Trial>('policies/test', { policy: strict }));
    await expect.poll(async () => (await trial()).changed.map((change) => change.decisionId)).toContain(decisionId);
    const { changed, replayed, tests } = await trial();
    expect(changed.find((change) => change.decisionId === decisionId)).toMatchObject({
      before: { effect: 'allow', rule: 'export' },
      after: { effect: 'deny', rule: 'export' },
    });
    expect(replayed).toBeGreaterThanOrEqual(changed.length);
    expect(tests).toMatchObject({ passed: 0, failed: 0, uncovered: ['export'] });
    expect(await decide('billing_total')).toMatchObject({ effect: 'allow' });
  });
});
