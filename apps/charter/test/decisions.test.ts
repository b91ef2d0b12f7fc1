import { createCharterClient, parsePackDocuments } from '@charter/shared/charter-client';
import type { Decision, DecisionRequest, Problem } from '@charter/shared/contracts';
import { newId } from '@charter/store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { charterFixture, type Fixture, shopPack } from './fixture.ts';

let charter: Fixture;
beforeAll(async () => {
  charter = await charterFixture();
  const { id } = await charter.ok(charter.post<{ id: string }>('packs', { name: 'shop', source: shopPack }), 201);
  await charter.ok(charter.post(`packs/${id}/activate`));
});
afterAll(() => charter.close());

const healingLine = shopPack.split('\n').findIndex((line) => line.includes('id: heal-checkout')) + 1;

const planned = (risk: number): NonNullable<DecisionRequest['plan']> => ({
  id: newId(),
  hash: 'h',
  cost: 0.1,
  risk,
  confidence: 0.9,
  blastRadius: 0.1,
});
const restart = (risk: number): DecisionRequest => ({
  action: 'RESTART_SERVICE',
  target: 'checkout',
  targetClass: 'service',
  subject: 'plan',
  incidentId: newId(),
  plan: planned(risk),
});
const decide = (request: DecisionRequest) => charter.ok(charter.post<Decision>('decisions', request));
const automation = (change: object) => charter.ok(charter.call('PUT', 'automation', change));

interface Explained {
  decision: Decision;
  trace: Array<{ rule: string; outcome: string; line: number }>;
  recomputed: { agrees: boolean };
}
const explain = (id: string) => charter.ok(charter.get<Explained>(`decisions/${id}/explain`));

interface AuditPage {
  items: Array<{ action: string; subject: string; data: Record<string, unknown> }>;
}
const audited = async (subject: string) =>
  (await charter.ok(charter.get<AuditPage>('audit?limit=200'))).items.filter((record) => record.subject === subject);

describe('decisions', () => {
  test('name the deciding rule, its line and its obligations', async () => {
    const decision = await decide(restart(0.2));
    expect(decision).toMatchObject({
      effect: 'allow',
      obligations: { perHour: 4, blastRadius: 0.5 },
      reasons: [{ policy: 'shop', rule: 'heal-checkout', line: healingLine, effect: 'allow' }],
    });
  });

  test('ask people where a rule demands it', async () => {
    expect(await decide(restart(0.7))).toMatchObject({
      effect: 'require-approval',
      obligations: { approvers: ['sre'], quorum: 2, withinSeconds: 600 },
    });
  });

  test('deny what no rule allows, with a reason, and audit the denial', async () => {
    const decision = await decide({ action: 'SCALE_DOWN', target: 'checkout' });
    expect(decision).toMatchObject({
      effect: 'deny',
      reasons: [{ rule: null, text: expect.stringContaining('No rule allows SCALE_DOWN on checkout') }],
    });
    expect(await audited(decision.decisionId)).toMatchObject([{ action: 'decision.denied' }]);
  });

  test('can be explained by id, with what every rule about them said, and made again', async () => {
    const { decisionId } = await decide(restart(0.2));
    expect(await explain(decisionId)).toMatchObject({
      decision: { decisionId },
      trace: [
        { rule: 'heal-checkout', outcome: 'matched', line: healingLine },
        { rule: 'ask-first', outcome: 'condition-false' },
      ],
      recomputed: { agrees: true },
    });
    expect(await charter.get<Problem>(`decisions/${newId()}/explain`)).toMatchObject({ status: 404 });
  });

  test('about data are explained just as well, before they reach the disk and after', async () => {
    const { decisionId } = await decide({ action: 'export', metric: 'billing_total', role: 'auditor' });
    expect(await explain(decisionId)).toMatchObject({ decision: { effect: 'deny' }, recomputed: { agrees: true } });
    await expect.poll(async () => (await audited(decisionId)).map(({ action }) => action)).toEqual(['decision.denied']);
    expect(await explain(decisionId)).toMatchObject({ decision: { effect: 'deny' }, recomputed: { agrees: true } });
  });

  test('stay explainable with the policies of then after others are in force', async () => {
    const { decisionId, policyVersion } = await decide(restart(0.2));
    const { body } = await charter.post<{ id: string }>('packs', {
      name: 'shop',
      source: shopPack.replace('heal-checkout', 'healing').replace('rule: heal-checkout', 'rule: healing'),
    });
    await charter.ok(charter.post(`packs/${body.id}/activate`));
    expect((await decide(restart(0.2))).policyVersion).not.toBe(policyVersion);
    expect((await explain(decisionId)).trace[0]).toMatchObject({ rule: 'heal-checkout' });
  });

  test('deny once as many plans acted as the rule allows a day; a plan asked again is not held against itself', async () => {
    const rule = {
      id: 'r',
      effect: 'allow',
      match: { actions: ['REBALANCE_LOAD'] },
      obligations: [{ limit: { perDay: 2 } }],
    };
    const policy = { apiVersion: 'charter/v1', kind: 'Policy', metadata: { name: 'daily' }, rules: [rule] };
    await charter.ok(charter.post('policies/apply', { policy }), 201);
    const acting = (): DecisionRequest => ({
      action: 'REBALANCE_LOAD',
      target: 'db',
      subject: 'execute',
      plan: planned(0.1),
    });
    const [first, second, third] = [acting(), acting(), acting()];
    for (const request of [first, second, first, second])
      expect(await decide(request)).toMatchObject({ effect: 'allow' });
    const denied = await decide(third);
    expect(denied).toMatchObject({
      effect: 'deny',
      reasons: [{ text: expect.stringContaining('2 a day are allowed and 2 were done') }],
    });
    expect(await explain(denied.decisionId)).toMatchObject({ recomputed: { agrees: true } });
  });

  test('an action with a NUL character is refused', async () => {
    expect(await charter.post('decisions', { action: 'a\0b' })).toMatchObject({ status: 400 });
  });

  test('a charter that does not answer denies', async () => {
    const client = createCharterClient({ url: 'http://127.0.0.1:1' });
    expect(await client.decide(restart(0.1))).toMatchObject({ effect: 'deny', decisionId: 'none' });
  });
});

describe('automation', () => {
  test('observes until a person says otherwise', async () => {
    expect(await decide(restart(0.2))).toMatchObject({ effect: 'allow', automation: 'observe' });
    expect(await charter.ok(charter.get('automation'))).toMatchObject({
      global: { mode: 'observe', changedBy: 'charter' },
      items: [],
    });
  });

  test('is the lowest of the policy, what is granted and the global mode', async () => {
    await automation({ mode: 'auto', reason: 'trial' });
    expect(await decide(restart(0.2))).toMatchObject({ automation: 'auto' });
    expect(await decide(restart(0.7))).toMatchObject({ automation: 'approve' });
    await automation({ policy: 'shop', action: 'RESTART_SERVICE', mode: 'approve' });
    expect(await decide(restart(0.2))).toMatchObject({ automation: 'approve' });
    await automation({ policy: 'shop', action: 'RESTART_SERVICE', mode: 'auto', maximum: 'observe' });
    expect(await decide(restart(0.2))).toMatchObject({ automation: 'observe' });
    expect(await decide({ ...restart(0.2), action: 'SCALE_UP' })).toMatchObject({ automation: 'auto' });
    await automation({ mode: 'observe' });
    expect(await decide({ ...restart(0.2), action: 'SCALE_UP' })).toMatchObject({ automation: 'observe' });
  });

  test('a change is audited with who and why', async () => {
    await automation({ targetClass: 'service', maximum: 'auto', reason: 'tested for a month' });
    expect(await audited('* * service')).toMatchObject([
      { action: 'automation.changed', data: { reason: 'tested for a month' } },
    ]);
  });
});

describe('windows', () => {
  const span = (fromMs: number, untilMs: number) => ({
    from: new Date(Date.now() + fromMs).toISOString(),
    until: new Date(Date.now() + untilMs).toISOString(),
  });

  test('a freeze denies what is automatic on its targets until it ends', async () => {
    const freeze = { name: 'peak', type: 'freeze', targets: ['check*'], ...span(-1_000, 60_000) };
    const { id } = await charter.ok(charter.post<{ id: string }>('windows', freeze), 201);
    const decision = await decide(restart(0.2));
    expect(decision).toMatchObject({
      effect: 'deny',
      reasons: [{ rule: 'peak', text: expect.stringContaining('Window peak freezes checkout') }],
    });
    expect(await explain(decision.decisionId)).toMatchObject({
      facts: { freeze: 'peak' },
      recomputed: { agrees: true },
    });
    expect(await charter.post('windows', freeze)).toMatchObject({ status: 409 });
    await charter.ok(charter.call('DELETE', `windows/${id}`), 204);
    expect(await decide(restart(0.2))).toMatchObject({ effect: 'allow' });
  });

  test('a freeze that is not open or is about another target changes nothing', async () => {
    await charter.ok(charter.post('windows', { name: 'later', type: 'freeze', ...span(60_000, 120_000) }), 201);
    await charter.ok(
      charter.post('windows', { name: 'elsewhere', type: 'freeze', targets: ['db'], ...span(-1_000, 60_000) }),
      201,
    );
    expect(await decide(restart(0.2))).toMatchObject({ effect: 'allow' });
  });

  test('reach whoever follows the pack, as documents of it, and are gone when they end', async () => {
    const client = createCharterClient({ url: charter.first.url, timeoutMs: 5_000 });
    const read = async (etag?: string) => {
      const answer = await client.activePack(etag);
      return answer.kind === 'active' ? answer : expect.unreachable(answer.kind);
    };
    const before = await read();
    const repair = { name: 'repair', type: 'maintenance', targets: ['checkout'], ...span(-1_000, 60_000) };
    const { id } = await charter.ok(charter.post<{ id: string }>('windows', repair), 201);
    const during = await read(before.etag ?? '');
    expect(during.pack.id).not.toBe(before.pack.id);
    expect(parsePackDocuments(during.pack.documents).windows.map(({ metadata }) => metadata.name)).toContain('repair');
    await charter.ok(charter.call('DELETE', `windows/${id}`), 204);
    expect((await read(during.etag ?? '')).pack).toEqual(before.pack);
    expect(await charter.post('windows', { ...repair, name: 'release-night' })).toMatchObject({ status: 409 });
  });

  test('are listed, those of the pack too', async () => {
    const { items } = await charter.ok(
      charter.get<{ items: Array<{ name: string; source: string; open: boolean }> }>('windows'),
    );
    expect(items).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'elsewhere', source: 'api', open: true }),
        expect.objectContaining({ name: 'release-night', source: 'pack', open: false }),
      ]),
    );
  });
});
