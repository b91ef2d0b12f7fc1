import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Decision } from '@charter/shared/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { charterFixture, type Fixture } from './fixture.ts';

interface Notice {
  text: string;
  severity: string;
  violationId: string;
  recipients: string[];
}
interface State {
  status: string;
  replicas: number;
  healthy_nodes: number;
  members: number;
  quorum: number;
  timestamp: string;
}
interface Override {
  id: string;
  status: string;
  quorum: number;
  expiresAt: string;
  renewals: number;
}

const notices: Notice[] = [];
let isWebhookDown = false;
let webhook: Server;
let charter: Fixture;

beforeAll(async () => {
  webhook = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      if (!isWebhookDown) notices.push(JSON.parse(body) as Notice);
      response.writeHead(isWebhookDown ? 503 : 200).end();
    });
  });
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
  const { port } = webhook.address() as AddressInfo;
  charter = await charterFixture({ CHARTER_COMMITTEE_WEBHOOK: `http://127.0.0.1:${String(port)}/notices` });
});
afterAll(async () => {
  await charter.close();
  webhook.close();
});

const state = () => charter.ok(charter.get<State>('committee/state'));
const audited = async (action: string) => {
  const { items } = await charter.ok(
    charter.get<{ items: Array<{ action: string; subject: string; actor: string; data: Record<string, unknown> }> }>(
      'audit?limit=500',
    ),
  );
  return items.filter((record) => record.action === action);
};
const report = (severity: string) => ({
  severity,
  violation_type: 'silent_collection',
  node_or_service: 'ads/tracker',
  description: 'Collects locations at night.',
});

describe('the committee', () => {
  test('is normal once its nodes run', async () => {
    await expect.poll(state).toMatchObject({ status: 'normal', replicas: 3, healthy_nodes: 3, members: 0, quorum: 1 });
  });

  test('scales to what is asked for, and stays so', async () => {
    await charter.ok(charter.post('committee/scale', { replicas: 5 }));
    await expect.poll(state).toMatchObject({ status: 'normal', replicas: 5, healthy_nodes: 5 });
    const other = await charter.start();
    await expect
      .poll(async () => (await charter.get<State>('committee/state', { at: other })).body)
      .toMatchObject({ replicas: 5, healthy_nodes: 5 });
    await other.close();
    await charter.ok(charter.post('committee/scale', { replicas: 3 }));
    expect(await charter.post('committee/scale', { replicas: 0 })).toMatchObject({ status: 400 });
    expect(await audited('component.scale')).toHaveLength(2);
  });

  test('recovers after a restart', async () => {
    expect(await charter.ok(charter.post('committee/restart', { graceful: true, timeout: 5 }))).toMatchObject({
      status: expect.stringMatching(/^(recovering|normal)$/),
    });
    await expect.poll(state).toMatchObject({ status: 'normal', healthy_nodes: 3 });
  });

  test('has members, and its quorum is the majority of them', async () => {
    for (const name of ['ada', 'grace', 'local']) await charter.ok(charter.post('committee/members', { name }), 201);
    expect(await charter.post('committee/members', { name: 'ada' })).toMatchObject({ status: 409 });
    expect(await state()).toMatchObject({ members: 3, quorum: 2 });
    const { items } = await charter.ok(charter.get<{ items: Array<{ name: string }> }>('committee/members'));
    expect(items.map(({ name }) => name).sort()).toEqual(['ada', 'grace', 'local']);
    await charter.ok(charter.call('DELETE', 'committee/members/grace'), 204);
    expect(await state()).toMatchObject({ members: 2, quorum: 2 });
  });
});

describe('a reported violation', () => {
  test('is listed, newest first, and the committee has it within a second', async () => {
    const startedAt = performance.now();
    const { id } = await charter.ok(charter.post<{ id: string }>('violations', report('SUSPENSION')), 201);
    await expect
      .poll(() => notices.find(({ violationId }) => violationId === id), { interval: 10 })
      .toMatchObject({ severity: 'SUSPENSION', recipients: ['ada', 'local'] });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    const later = await charter.ok(charter.post<{ id: string }>('violations', report('PERMANENT_BAN')), 201);
    const listed = await charter.ok(charter.get<Array<{ id: string; severity: string }>>('violations'));
    expect(listed.map((violation) => violation.id)).toEqual([later.id, id]);
    expect(await audited('violation.recorded')).toHaveLength(2);
  });

  test.each([{ severity: 'HIGH' }, { violation_type: 'No Type' }, { node_or_service: '' }, { extra: 1 }])(
    'with %j is refused',
    async (change) => {
      expect(await charter.post('violations', { ...report('WARNING'), ...change })).toMatchObject({ status: 400 });
    },
  );

  test('reaches a committee whose webhook was away for a while, which is degraded meanwhile', async () => {
    isWebhookDown = true;
    const { id } = await charter.ok(charter.post<{ id: string }>('violations', report('CRIMINAL_REFERRAL')), 201);
    await expect.poll(state).toMatchObject({ status: 'degraded' });
    isWebhookDown = false;
    await expect.poll(() => notices.some(({ violationId }) => violationId === id)).toBe(true);
    await expect.poll(state).toMatchObject({ status: 'normal' });
  });
});

describe('an investigation', () => {
  test('is opened about a violation once, has a workload, and is closed once', async () => {
    const violation = await charter.ok(charter.post<{ id: string }>('violations', report('BAN_1YEAR')), 201);
    const asked = { violationId: violation.id, initiated_by: 'outside', summary: 'A reader asked.', workloadHours: 6 };
    const { id } = await charter.ok(charter.post<{ id: string }>('investigations', asked), 201);
    expect(await charter.post('investigations', asked)).toMatchObject({ status: 409 });
    expect(await charter.ok(charter.get('investigations/workload'))).toMatchObject({
      items: [{ severity: 'BAN_1YEAR', open: 1, hours: 6 }],
    });
    const closed = await charter.ok(charter.post(`investigations/${id}/close`, { finding: 'It was so.' }));
    expect(closed).toMatchObject({ status: 'closed', finding: 'It was so.', violation_type: 'silent_collection' });
    expect(await charter.post(`investigations/${id}/close`, { finding: 'again' })).toMatchObject({ status: 409 });
    expect(await charter.ok(charter.get(`violations/${violation.id}`))).toMatchObject({ firing: false });
    expect(await audited('investigation.closed')).toHaveLength(1);
  });

  test('may be about what no violation says yet', async () => {
    const asked = { violation_type: 'data_extraction', summary: 'Odd traffic at the border.' };
    expect(await charter.ok(charter.post('investigations', asked), 201)).toMatchObject({ initiated_by: 'committee' });
    expect(await charter.post('investigations', { summary: 'of nothing' })).toMatchObject({ status: 400 });
  });
});

describe('an emergency override', () => {
  const decide = () =>
    charter.ok(charter.post<Decision>('decisions', { action: 'RESTART_SERVICE', target: 'checkout' }));
  const ask = (more: object = {}) => ({
    reason: 'checkout is down',
    match: { actions: ['RESTART_SERVICE'], targets: ['checkout'] },
    ttlSeconds: 600,
    ...more,
  });

  test('comes before every rule until it is ended', async () => {
    expect(await decide()).toMatchObject({ effect: 'deny' });
    const { id } = await charter.ok(charter.post<Override>('overrides', ask()), 201);
    expect(await decide()).toMatchObject({
      effect: 'allow',
      reasons: [{ text: expect.stringContaining('checkout is down') }],
    });
    const ended = await charter.ok(charter.call('DELETE', `overrides/${id}`, { reason: 'healed' }));
    expect(ended).toMatchObject({ status: 'ended', endReason: 'healed' });
    expect(await decide()).toMatchObject({ effect: 'deny' });
    expect(await charter.call('DELETE', `overrides/${id}`)).toMatchObject({ status: 409 });
    expect(await audited('override.ended')).toMatchObject([{ subject: id, actor: 'local' }]);
  });

  test('ends by itself', async () => {
    const { id } = await charter.ok(charter.post<Override>('overrides', ask({ ttlSeconds: 1 })), 201);
    expect(await decide()).toMatchObject({ effect: 'allow' });
    await expect.poll(decide).toMatchObject({ effect: 'deny' });
    expect(await charter.ok(charter.get(`overrides/${id}`))).toMatchObject({ status: 'expired' });
    await expect.poll(() => audited('override.expired')).toMatchObject([{ subject: id, actor: 'charter' }]);
  });

  test('is renewed, within the longest time', async () => {
    const before = await charter.ok(charter.post<Override>('overrides', ask()), 201);
    const after = await charter.ok(charter.post<Override>(`overrides/${before.id}/renew`, { reason: 'still down' }));
    expect(after.renewals).toBe(1);
    expect(Date.parse(after.expiresAt)).toBeGreaterThan(Date.parse(before.expiresAt));
    await charter.ok(charter.call('DELETE', `overrides/${before.id}`));
    expect(await charter.post('overrides', ask({ ttlSeconds: 5 * 3_600 }))).toMatchObject({ status: 400 });
  });

  test('waits for its quorum, and one vote against it ends it', async () => {
    const waiting = await charter.ok(charter.post<Override>('overrides', ask({ quorum: 2 })), 201);
    expect(waiting).toMatchObject({ status: 'pending', quorum: 2 });
    expect(await decide()).toMatchObject({ effect: 'deny' });
    const vote = { subject: waiting.id, vote: 'approve' };
    expect(await charter.ok(charter.post('committee/votes', vote))).toMatchObject({ approve: 1, status: 'pending' });
    expect(await charter.ok(charter.post('committee/votes', { ...vote, vote: 'reject' }))).toMatchObject({
      status: 'rejected',
    });
    expect(await charter.ok(charter.get(`overrides/${waiting.id}`))).toMatchObject({ status: 'rejected' });
  });

  test('may deny as well, what rules allow', async () => {
    const rule = { id: 'r', effect: 'allow', match: { actions: ['RESTART_SERVICE'] } };
    const policy = { apiVersion: 'charter/v1', kind: 'Policy', metadata: { name: 'open' }, rules: [rule] };
    await charter.ok(charter.post('policies/apply', { policy }), 201);
    expect(await decide()).toMatchObject({ effect: 'allow' });
    const { id } = await charter.ok(charter.post<Override>('overrides', ask({ effect: 'deny' })), 201);
    expect(await decide()).toMatchObject({ effect: 'deny' });
    await charter.ok(charter.call('DELETE', `overrides/${id}`));
  });

  test.each([{ match: {} }, { ttlSeconds: 0 }, { reason: '' }, { who: 'me' }])('with %j is refused', async (change) => {
    expect(await charter.post('overrides', ask(change))).toMatchObject({ status: 400 });
  });
});
