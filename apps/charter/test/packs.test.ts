import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCharterClient } from '@charter/shared/charter-client';
import type { ActivePack, Problem } from '@charter/shared/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { charterFixture, type Fixture, shopPack } from './fixture.ts';

let charter: Fixture;
beforeAll(async () => {
  charter = await charterFixture({ CHARTER_AUTOMATION: 'auto' });
});
afterAll(() => charter.close());

interface Pack {
  id: string;
  version: string;
  status: string;
}

async function activated(source: string): Promise<Pack> {
  const { body } = await charter.post<Pack>('packs', { name: 'shop', source });
  return charter.ok(charter.post<Pack>(`packs/${body.id}/activate`));
}

describe('packs', () => {
  test('without one there is nothing active', async () => {
    const answer = await charter.get<Problem>('packs/active');
    expect(answer).toMatchObject({ status: 404, body: { code: 'not-found' } });
    const client = createCharterClient({ url: charter.first.url, timeoutMs: 5_000 });
    expect(await client.activePack()).toEqual({ kind: 'none' });
  });

  test('are handed out by the client with an etag once they are active', async () => {
    const pack = await activated(shopPack);
    const client = createCharterClient({ url: charter.first.url, timeoutMs: 5_000 });
    const answer = await client.activePack();
    if (answer.kind !== 'active') return expect.unreachable(answer.kind);
    expect(answer.pack).toMatchObject({
      id: pack.id,
      name: 'shop',
      version: '1',
      environment: 'test',
      policies: ['shop'],
    });
    expect(answer.pack.documents).toHaveLength(4);
    expect(answer.pack.documents[1]).toMatchObject({ kind: 'Rule', for: '15s' });
    expect(await client.activePack(answer.etag ?? '')).toEqual({ kind: 'unchanged' });
  });

  test('may be sent as plain YAML or as JSON documents; the same content is the same pack', async () => {
    const first = await charter.ok(charter.post<Pack>('packs?name=yaml', shopPack), 201);
    const again = await charter.ok(charter.post<Pack>('packs', { name: 'yaml', source: shopPack }));
    expect(again.id).toBe(first.id);
    const window = {
      apiVersion: 'charter/v1',
      kind: 'Window',
      metadata: { name: 'w' },
      type: 'hours',
      from: '2026-01-01T00:00:00Z',
      until: '2027-01-01T00:00:00Z',
    };
    const json = await charter.ok(
      charter.post<Pack & { source: string }>('packs', { name: 'json', documents: [window] }),
      201,
    );
    expect(json.source).toContain('kind: Window');
  });

  test('that are wrong are refused with document, pointer and line for every error', async () => {
    const wrong = `apiVersion: charter/v1
kind: Rule
metadata: {name: r}
query: up
metric: up
treshold: 1
---
apiVersion: charter/v1
kind: Strategy
metadata: {name: s}
match: {}
actions:
  - {action: EXPLODE}
---
apiVersion: charter/v1
kind: Policy
metadata: {name: p}
rules:
  - id: a
    effect: allow
    match: {actions: [x]}
    when: plan.rsk > 1
`;
    const { status, body } = await charter.post<Problem>('packs', { name: 'wrong', source: wrong });
    expect(status).toBe(422);
    expect(body.code).toBe('document-invalid');
    expect(body.errors).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ pointer: '/0/treshold', detail: 'Unknown field', line: 6 }),
        expect.objectContaining({ pointer: '/1/actions/0/action', line: 13 }),
        expect.objectContaining({ pointer: '/2/rules/0/when', line: 22 }),
      ]),
    );
  });

  test.each([
    [
      'a strategy that names an unknown target',
      shopPack.replace('target: checkout}', 'target: checkuot}'),
      '/2/actions/0/target',
      'no Target checkuot',
    ],
    [
      'a strategy that names an action its target does not take',
      shopPack.replace('{action: RESTART_SERVICE, t', '{action: SCALE_DOWN, t'),
      '/2/actions/0/action',
      'does not take SCALE_DOWN',
    ],
    [
      'a window that names an unknown target',
      shopPack.replace('targets: [checkout]\nfrom', 'targets: [chekout]\nfrom'),
      '/3/targets/0',
      'no Target chekout',
    ],
    [
      'a name that is taken twice',
      shopPack
        .replace('kind: Rule\nmetadata: {name: checkout-slow}', 'kind: Window\nmetadata: {name: release-night}')
        .replace(/query: latency[^-]*for: 15s\n/, 'type: hours\nweekly: {days: [mon], start: "08:00", end: "17:00"}\n')
        .replace('rules: [checkout-slow]', 'rules: ["*"]'),
      '/3/metadata/name',
      'also document 1',
    ],
    [
      'a policy whose own test fails',
      shopPack.replace('expect: {effect: allow', 'expect: {effect: deny'),
      '/4/tests/0',
      'expects deny',
    ],
  ])('with %s are refused', async (_what, source, pointer, detail) => {
    const { status, body } = await charter.post<Problem>('packs', { name: 'shop', source });
    expect(status).toBe(422);
    expect(body.errors).toEqual([
      expect.objectContaining({ pointer, detail: expect.stringContaining(detail), line: expect.any(Number) }),
    ]);
  });

  test('are rolled back by activating an earlier one', async () => {
    const first = await activated(shopPack);
    const second = await activated(shopPack.replace('SCALE_UP, RESTART_SERVICE', 'RESTART_SERVICE'));
    const active = () => charter.ok(charter.get<ActivePack>('packs/active'));
    expect((await active()).id).toBe(second.id);
    const scaling = {
      action: 'SCALE_UP',
      target: 'checkout',
      plan: { id: first.id, hash: 'h', cost: 0, risk: 0, confidence: 1, blastRadius: 0 },
    };
    expect(await charter.ok(charter.post('decisions', scaling))).toMatchObject({ effect: 'deny' });
    await charter.ok(charter.post(`packs/${first.id}/activate`, { expectedActive: second.id }));
    expect((await active()).id).toBe(first.id);
    expect(await charter.ok(charter.post('decisions', scaling))).toMatchObject({ effect: 'allow', automation: 'auto' });
  });

  test('activated at once from the same state: one wins, the others get a conflict', async () => {
    const base = await activated(shopPack);
    const others = await Promise.all(
      [5, 6, 7, 8].map((perHour) =>
        charter.post<Pack>('packs', {
          name: 'shop',
          source: shopPack.replace('perHour: 4', `perHour: ${String(perHour)}`),
        }),
      ),
    );
    const answers = await Promise.all(
      others.map(({ body }) => charter.post(`packs/${body.id}/activate`, { expectedActive: base.id })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    const policies = await charter.ok(charter.get<Array<{ name: string; status: string }>>('policies'));
    expect(policies.filter(({ name, status }) => name === 'shop' && status === 'active')).toHaveLength(1);
  });

  test('take their policies along: what the next pack lacks is no longer in force', async () => {
    await activated(shopPack);
    await activated(shopPack.slice(0, shopPack.lastIndexOf('---')));
    const policies = await charter.ok(charter.get<Array<{ name: string; status: string }>>('policies'));
    expect(policies.filter(({ status }) => status === 'active')).toEqual([]);
    await activated(shopPack);
  });

  test('reach other replicas without a word', async () => {
    const replica = await charter.start();
    const pack = await activated(shopPack.replace('perHour: 4', 'perHour: 9'));
    await expect
      .poll(async () => (await charter.get<ActivePack>('packs/active', { at: replica })).body.id)
      .toBe(pack.id);
  });
});

describe('a pack on disk', () => {
  test('is in force at first start, again when it changes, and stays when the change is bad', async () => {
    const path = join(charter.stateDir, 'disk.yaml');
    const onDisk = shopPack.replace('checkout-slow}', 'checkout-slow, owner: disk}');
    await writeFile(path, onDisk);
    const own = await charterFixture({ CHARTER_PACK: path });
    try {
      const active = async () => (await own.get<ActivePack>('packs/active')).body;
      const first = await active();
      expect(first).toMatchObject({ name: 'disk', policies: ['shop'] });
      await writeFile(path, onDisk.replace('perHour: 4', 'perHour: 3'));
      await expect.poll(async () => (await active()).id).not.toBe(first.id);
      const second = await active();
      await writeFile(path, `${onDisk}\nnonsense: [`);
      const reload = await own.post<Problem>('/-/reload', undefined);
      expect(reload).toMatchObject({ status: 422, body: { errors: [{ line: expect.any(Number) }] } });
      expect((await active()).id).toBe(second.id);
      expect(await readFile(path, 'utf8')).toContain('nonsense');
      await writeFile(path, onDisk);
      expect(await own.ok(own.post('/-/reload', undefined))).toMatchObject({
        pack: { packId: first.id, status: 'active' },
      });
      const restarted = await own.start();
      expect((await own.get<ActivePack>('packs/active', { at: restarted })).body.id).toBe(first.id);
    } finally {
      await own.close();
    }
  });
});
