import type { Problem } from '@charter/shared/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { charterFixture, type Fixture } from './fixture.ts';

let charter: Fixture;
beforeAll(async () => {
  charter = await charterFixture();
});
afterAll(() => charter.close());

interface Finding {
  kind: string;
  severity: string;
  verdict: string;
  rules: { policy: string; id: string; line: number | null }[];
  witness: Record<string, unknown> | null;
}
interface Conflicts {
  counts: Record<string, number>;
  findings: Finding[];
}
interface Comparison {
  verdict: string;
  added: { id: string }[];
  removed: { id: string }[];
  changed: { before: { id: string }; parts: string[] }[];
  perAction: { action: string | null; verdict: string; witness: { more: object | null; less: object | null } }[];
  metrics: { whitelisted: { added: string[]; removed: string[] } };
}

const text = (name: string, ...rules: string[]): string =>
  [
    'apiVersion: charter/v1',
    'kind: Policy',
    `metadata: {name: ${name}}`,
    'rules:',
    ...rules.map((rule) => `  - ${rule}`),
  ].join('\n');
const exportCards = '{id: export-cards, effect: allow, match: {actions: [export], metrics: ["card_*"]}}';
const noCards = '{id: no-cards, effect: deny, match: {metrics: ["card*"]}}';
const classic = (names: string[]) => ({
  charter: { name: 'collected', version: '1' },
  whitelisted_metrics: names,
});

describe('conflicts', () => {
  test('a grant that a denial covers is an error with both lines and a request that shows it', async () => {
    const answer = await charter.ok(
      charter.post<Conflicts>('policies/conflicts', { policies: [text('cards', exportCards, noCards)] }),
    );
    expect(answer.counts).toMatchObject({ error: 1 });
    expect(answer.findings[0]).toMatchObject({
      kind: 'shadowed',
      verdict: 'certain',
      rules: [
        { policy: 'cards', id: 'export-cards', line: 5 },
        { policy: 'cards', id: 'no-cards', line: 6 },
      ],
      witness: { action: 'export', metric: expect.stringMatching(/^card_/) },
    });
  });

  test('policies of several kinds of source are analyzed together', async () => {
    const kept = await charter.ok(charter.post<{ policy_id: string }>('policies', text('kept', noCards)), 201);
    const { findings } = await charter.ok(
      charter.post<Conflicts>('policies/conflicts', { policies: [kept.policy_id, classic(['card_a', 'cpu'])] }),
    );
    expect(findings).toMatchObject([{ kind: 'overlap', rules: [{ policy: 'kept' }, { policy: 'collected' }] }]);
  });

  test('a large document is analyzed beside the service', async () => {
    const rules = Array.from(
      { length: 400 },
      (_, at) =>
        `{id: r${String(at)}, effect: ${at % 2 === 0 ? 'allow' : 'deny'}, match: {metrics: ["m${String(at >> 1)}_*"]}}`,
    );
    const { counts } = await charter.ok(
      charter.post<Conflicts>('policies/conflicts', { policies: [text('large', ...rules)] }),
    );
    expect(counts).toEqual({ error: 200, warning: 0, info: 0 });
  });
});

describe('comparison', () => {
  test('a version with a wider grant is more permissive, with a request that shows it', async () => {
    const wider = exportCards.replace('card_*', 'c*');
    const answer = await charter.ok(
      charter.post<Comparison>('policies/compare', { old: text('p', exportCards), new: text('p', wider) }),
    );
    expect(answer).toMatchObject({
      verdict: 'more',
      added: [],
      removed: [],
      changed: [{ before: { id: 'export-cards' }, parts: ['match'] }],
      perAction: [{ action: 'export', verdict: 'more', witness: { more: { action: 'export' }, less: null } }],
    });
  });

  test('names that a classic document gains and loses are listed', async () => {
    const answer = await charter.ok(
      charter.post<Comparison>('policies/compare', { old: classic(['cpu', 'disk']), new: classic(['cpu', 'memory']) }),
    );
    expect(answer).toMatchObject({
      verdict: 'incomparable',
      metrics: { whitelisted: { added: ['memory'], removed: ['disk'] } },
    });
  });
});

describe('activation', () => {
  test('is refused for rules that never take effect, until somebody gives a reason, which is audited', async () => {
    const policy = text('never', exportCards, noCards);
    const refused = await charter.post<Problem>('policies/apply', { policy });
    expect(refused.status).toBe(422);
    expect(refused.body.errors).toMatchObject([{ pointer: '/rules/0', line: 5 }]);

    const override = { reason: 'kept for the day the ban ends' };
    const applied = await charter.ok(
      charter.post<{ policy_id: string; status: string }>('policies/apply', { policy, override }),
      201,
    );
    expect(applied.status).toBe('active');
    const { items } = await charter.ok(charter.get<{ items: { subject: string; data: object }[] }>('audit'));
    expect(items.find(({ subject }) => subject === applied.policy_id)?.data).toMatchObject({
      override: override.reason,
    });
  });

  test('of a draft is refused as well', async () => {
    const { policy_id: id } = await charter.ok(
      charter.post<{ policy_id: string }>(
        'policies',
        text('draft', '{id: none, effect: deny, match: {actions: [x]}, when: "false"}'),
      ),
      201,
    );
    expect((await charter.post(`policies/${id}/activate`)).status).toBe(422);
    await charter.ok(charter.post(`policies/${id}/activate`, { override: { reason: 'a trial' } }));
  });

  test('of a pack is refused as well, and leaves the pack before in force', async () => {
    const pack = (source: string) => charter.ok(charter.call<{ id: string }>('POST', 'packs?name=cards', source), 201);
    const good = await pack(text('packed', '{id: a, effect: allow, match: {actions: [export], metrics: [disk]}}'));
    await charter.ok(charter.post(`packs/${good.id}/activate`));
    const bad = await pack(text('packed', exportCards, noCards));
    expect((await charter.post(`packs/${bad.id}/activate`)).status).toBe(422);
    expect(await charter.ok(charter.get('packs/active'))).toMatchObject({ id: good.id });
    await charter.ok(charter.post(`packs/${bad.id}/activate`, { override: { reason: 'a trial' } }));
    expect(await charter.ok(charter.get('packs/active'))).toMatchObject({ id: bad.id });
  });
});
