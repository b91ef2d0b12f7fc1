import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCharterClient } from '@charter/shared/charter-client';
import type { Approval, ApprovalRequest } from '@charter/shared/contracts';
import { newId } from '@charter/store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { charterFixture, type Fixture } from './fixture.ts';

const people = ['ann', 'ben', 'cleo', 'plan'] as const;
const bearer = (name: string) => ({ headers: { authorization: `Bearer key-of-${name}` } });

let charter: Fixture;
let folder: string;
const notices: Array<{ text: string; approvalId: string; url: string }> = [];
const hook = createServer(async (request, response) => {
  notices.push(JSON.parse(Buffer.concat(await request.toArray()).toString()));
  response.end();
});

beforeAll(async () => {
  hook.listen(0, '127.0.0.1');
  await once(hook, 'listening');
  const address = hook.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  folder = await mkdtemp(join(tmpdir(), 'charter-people-'));
  const keys = join(folder, 'keys.json');
  const groups = join(folder, 'groups.json');
  const sha256 = (name: string) => createHash('sha256').update(`key-of-${name}`).digest('hex');
  await writeFile(keys, JSON.stringify(people.map((name) => ({ name, role: 'admin', sha256: sha256(name) }))));
  await writeFile(
    groups,
    JSON.stringify({ sre: ['ann', 'ben'], dba: ['cleo'], night: { members: ['ann'], next: 'dba' } }),
  );
  charter = await charterFixture({
    CHARTER_API_KEYS: keys,
    CHARTER_APPROVERS: groups,
    CHARTER_APPROVAL_WEBHOOK: `http://127.0.0.1:${String(port)}/`,
  });
});
afterAll(async () => {
  await charter.close();
  await rm(folder, { recursive: true, force: true });
  hook.close();
  await once(hook, 'close');
});

const question = (obligations: ApprovalRequest['obligations'] = {}): ApprovalRequest => ({
  planId: newId(),
  planHash: 'hash-1',
  incidentId: newId(),
  title: 'Restart checkout <b>now</b>',
  explanation: 'It leaks memory.',
  action: 'RESTART_SERVICE',
  target: 'checkout',
  requestedBy: 'plan',
  obligations,
});
const ask = async (obligations?: ApprovalRequest['obligations']) =>
  await charter.ok(charter.post<Approval>('approvals', question(obligations), bearer('plan')), 201);
const vote = (id: string, verb: 'approve' | 'reject' | 'withdraw', by: string, reason?: string) =>
  charter.post<Approval>(`approvals/${id}/${verb}`, reason === undefined ? {} : { reason }, bearer(by));

describe('approvals', () => {
  test('are created once per plan and hash, and read by the client as their contract says', async () => {
    const client = createCharterClient({ url: charter.first.url, apiKey: 'key-of-plan', timeoutMs: 5_000 });
    const asked = question({ quorum: 1 });
    const first = await client.createApproval(asked);
    expect(first).toMatchObject({ ...asked, status: 'pending', quorum: 1, votes: [] });
    expect((await client.createApproval(asked)).id).toBe(first.id);
    expect((await client.createApproval({ ...asked, planHash: 'hash-2' })).id).not.toBe(first.id);
    expect(await client.approval(first.id)).toEqual(first);
    expect((await client.approvals({ limit: 1 })).items).toHaveLength(1);
  });

  test('need as many distinct people of the group as the policy says', async () => {
    const { id } = await ask({ approvers: ['sre'], quorum: 2 });
    expect(await charter.ok(vote(id, 'approve', 'ann'))).toMatchObject({ status: 'pending' });
    expect(await charter.ok(vote(id, 'approve', 'ann', 'once more'))).toMatchObject({ status: 'pending' });
    expect(await vote(id, 'approve', 'cleo')).toMatchObject({ status: 403 });
    expect(await charter.ok(vote(id, 'approve', 'ben'))).toMatchObject({
      status: 'approved',
      votes: [
        { by: 'ann', vote: 'approve' },
        { by: 'ben', vote: 'approve' },
      ],
    });
    expect(await vote(id, 'reject', 'ann')).toMatchObject({ status: 409 });
  });

  test('of several groups need people of each', async () => {
    const { id } = await ask({ approvers: ['sre', 'dba'], quorum: 1 });
    expect(await charter.ok(vote(id, 'approve', 'ann'))).toMatchObject({ status: 'pending' });
    expect(await charter.ok(vote(id, 'approve', 'cleo'))).toMatchObject({ status: 'approved' });
  });

  test('end with one rejection and its reason', async () => {
    const { id } = await ask({ quorum: 2 });
    await charter.ok(vote(id, 'approve', 'ann'));
    expect(await charter.ok(vote(id, 'reject', 'ben', 'not in the evening'))).toMatchObject({
      status: 'rejected',
      votes: [{ by: 'ann' }, { by: 'ben', vote: 'reject', reason: 'not in the evening' }],
    });
  });

  test('cannot be given by who asked where more than one must, or four eyes, are demanded', async () => {
    for (const obligations of [{ quorum: 2 }, { approvers: ['four-eyes'] }]) {
      const { id } = await ask(obligations);
      expect(await vote(id, 'approve', 'plan')).toMatchObject({ status: 403, body: { code: 'action-denied' } });
    }
    const { id } = await ask();
    expect(await charter.ok(vote(id, 'approve', 'plan'))).toMatchObject({ status: 'approved' });
  });

  test('that nobody answers in time expire, and can no longer be given', async () => {
    const { id } = await ask({ withinSeconds: 0.2 });
    await expect
      .poll(async () => (await charter.get<Approval>(`approvals/${id}`, bearer('ann'))).body.status)
      .toBe('expired');
    expect(await vote(id, 'approve', 'ann')).toMatchObject({ status: 409 });
    await expect
      .poll(async () => (await charter.get<Approval>(`approvals/${id}`, bearer('ann'))).body.decidedAt)
      .toEqual(expect.any(String));
  });

  test('that a group leaves unanswered for half the time go on to the next group', async () => {
    const { id } = await ask({ approvers: ['night'], withinSeconds: 6 });
    expect(await vote(id, 'approve', 'cleo')).toMatchObject({ status: 403 });
    await expect
      .poll(() => notices.filter(({ approvalId }) => approvalId === id).map(({ text }) => text))
      .toEqual([expect.stringMatching(/^Approval needed/), expect.stringMatching(/^For dba now/)]);
    expect(await charter.ok(vote(id, 'approve', 'cleo'))).toMatchObject({ status: 'approved' });
  });

  test('are taken back by who asked, and by nobody else', async () => {
    const { id } = await ask();
    expect(await vote(id, 'withdraw', 'ann')).toMatchObject({ status: 403 });
    expect(await charter.ok(vote(id, 'withdraw', 'plan', 'it went away'))).toMatchObject({
      status: 'rejected',
      votes: [{ by: 'plan', reason: 'withdrawn: it went away' }],
    });
  });

  test('votes at the same moment are counted each', async () => {
    const { id } = await ask({ quorum: 3 });
    const answers = await Promise.all(
      ['ann', 'ben', 'cleo', 'ann', 'ben', 'cleo'].map((by) => vote(id, 'approve', by)),
    );
    const approved = answers.filter(({ status, body }) => status === 200 && body.status === 'approved');
    expect(approved).toHaveLength(1);
    expect((await charter.get<Approval>(`approvals/${id}`, bearer('ann'))).body.votes).toHaveLength(3);
  });

  test('are told to people with a link to a page whose form votes; reading it changes nothing', async () => {
    const { id } = await ask();
    await expect.poll(() => notices.filter(({ approvalId }) => approvalId === id)).toHaveLength(1);
    const [notice] = notices.filter(({ approvalId }) => approvalId === id);
    expect(notice?.text).toContain('Restart checkout');
    const url = notice?.url ?? '';
    const cookie = { cookie: 'charter_key=key-of-ann' };
    const page = await fetch(url, { headers: cookie });
    const text = await page.text();
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(text).toContain('Restart checkout &lt;b&gt;now&lt;/b&gt;');
    expect(text).toContain('name="planHash" value="hash-1"');
    expect((await charter.get<Approval>(`approvals/${id}`, bearer('ann'))).body).toMatchObject({
      status: 'pending',
      votes: [],
    });
    const form = {
      method: 'POST',
      body: new URLSearchParams({ vote: 'approve', reason: 'seen' }),
      redirect: 'manual',
    } as const;
    expect((await fetch(url, form)).status).toBe(401);
    expect((await fetch(url, { ...form, headers: { ...cookie, origin: 'https://evil.example' } })).status).toBe(401);
    expect((await fetch(url, { ...form, headers: cookie })).status).toBe(303);
    expect((await charter.get<Approval>(`approvals/${id}`, bearer('ann'))).body).toMatchObject({
      status: 'approved',
      votes: [{ by: 'ann', reason: 'seen' }],
    });
  });
});

describe('an approval that is edited', () => {
  const edit = (id: string, tighten: object, by = 'ben') =>
    charter.post<Approval>(`approvals/${id}/edit`, { tighten, reason: 'start small' }, bearer(by));

  test('asks for less under a new hash, without the votes for the one before', async () => {
    const asked = await ask({ approvers: ['sre'], quorum: 2, maxReplicas: 20, perHour: 4 });
    await charter.ok(vote(asked.id, 'approve', 'ann'));
    const edited = await charter.ok(edit(asked.id, { maxReplicas: 5 }));
    expect(edited).toMatchObject({
      status: 'pending',
      editedFrom: 'hash-1',
      votes: [],
      obligations: { approvers: ['sre'], quorum: 2, maxReplicas: 5, perHour: 4 },
    });
    expect(edited.planHash).toMatch(/^[0-9a-f]{64}$/);
    expect(
      await charter.post(`approvals/${asked.id}/approve`, { planHash: asked.planHash }, bearer('ann')),
    ).toMatchObject({ status: 409 });
    const again = await charter.ok(edit(asked.id, { perHour: 1 }));
    expect(again.planHash).not.toBe(edited.planHash);
    expect(again.editedFrom).toBe('hash-1');
    await charter.ok(vote(asked.id, 'approve', 'ann'));
    expect(await charter.ok(vote(asked.id, 'approve', 'ben'))).toMatchObject({
      status: 'approved',
      planHash: again.planHash,
      obligations: { maxReplicas: 5, perHour: 1 },
    });
    const { items } = await charter.ok(
      charter.get<{ items: Array<{ action: string; subject: string; actor: string; data: object }> }>(
        'audit?limit=50',
        bearer('ann'),
      ),
    );
    expect(items.find(({ action, subject }) => action === 'approval.edited' && subject === asked.id)).toMatchObject({
      actor: 'ben',
      data: { reason: 'start small', obligations: { after: { perHour: 1 } }, planHash: { after: again.planHash } },
    });
  });

  test('is found again by who asked under the hash it had', async () => {
    const asked = question({ maxReplicas: 9 });
    const { id } = await charter.ok(charter.post<Approval>('approvals', asked, bearer('plan')), 201);
    await charter.ok(edit(id, { maxReplicas: 3 }));
    expect(await charter.ok(charter.post<Approval>('approvals', asked, bearer('plan')), 200)).toMatchObject({ id });
  });

  test('never asks for more, and not once it is decided or by who may not vote', async () => {
    const { id } = await ask({ approvers: ['sre'], quorum: 2, maxReplicas: 5 });
    expect(await edit(id, { maxReplicas: 6 })).toMatchObject({ status: 409 });
    expect(await edit(id, { quorum: 1 })).toMatchObject({ status: 409 });
    expect(await edit(id, {})).toMatchObject({ status: 400 });
    expect(await edit(id, { approvers: ['dba'] })).toMatchObject({ status: 400 });
    expect(await edit(id, { maxReplicas: 1 }, 'cleo')).toMatchObject({ status: 403 });
    await charter.ok(vote(id, 'reject', 'ann'));
    expect(await edit(id, { maxReplicas: 1 })).toMatchObject({ status: 409 });
  });
});

test('an approval stands as long as the policy says, then it is expired', async () => {
  const { id } = await ask({ validForSeconds: 0.5 });
  expect(await charter.ok(vote(id, 'approve', 'ann'))).toMatchObject({ status: 'approved' });
  const status = async () => (await charter.get<Approval>(`approvals/${id}`, bearer('ann'))).body.status;
  await expect.poll(status).toBe('expired');
  const listed = async (of: string) =>
    (await charter.ok(charter.get<{ items: Approval[] }>(`approvals?status=${of}`, bearer('ann')))).items.map(
      (approval) => approval.id,
    );
  expect(await listed('approved')).not.toContain(id);
  expect(await listed('expired')).toContain(id);
  const { id: lasting } = await ask({ validForSeconds: 3_600 });
  await charter.ok(vote(lasting, 'approve', 'ann'));
  expect(await listed('approved')).toContain(lasting);
});
