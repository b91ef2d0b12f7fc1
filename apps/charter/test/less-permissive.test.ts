import type { Approval, Decision } from '@charter/shared/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { charterFixture, type Fixture } from './fixture.ts';

let charter: Fixture;
beforeAll(async () => {
  charter = await charterFixture();
});
afterAll(() => charter.close());

interface Applied {
  policy_id: string;
  status: string;
  approval: Approval | null;
}

const exports = { id: 'exports', effect: 'allow', match: { actions: ['export'], metrics: ['billing_*'] } };
const cards = { id: 'cards', effect: 'deny', match: { actions: ['export'], metrics: ['billing_card_*'] } };
const policy = (name: string, rules: object[], more: object = {}) => ({
  apiVersion: 'charter/v1',
  kind: 'Policy',
  metadata: { name, requiresApproval: true },
  rules,
  ...more,
});
const apply = (document: object) => charter.ok(charter.post<Applied>('policies/apply', { policy: document }), 201);
const approve = ({ approval }: Applied) => charter.ok(charter.post(`approvals/${approval?.id ?? ''}/approve`));
const effectOn = async (metric: string) =>
  (await charter.ok(charter.post<Decision>('decisions', { action: 'export', metric }))).effect;

test('a strictly less permissive version is in force at once, a more permissive one waits for a vote', async () => {
  const first = await apply(policy('billing', [exports]));
  expect(first.status).toBe('pending');
  await approve(first);
  expect(await effectOn('billing_card_number')).toBe('allow');

  const stricter = await apply(policy('billing', [exports, cards]));
  expect(stricter).toMatchObject({ status: 'active', approval: null });
  expect(await effectOn('billing_card_number')).toBe('deny');
  const { items } = await charter.ok(
    charter.get<{ items: { action: string; subject: string; data: object }[] }>('audit?limit=20'),
  );
  expect(items.find(({ action, subject }) => action === 'policy.activated' && subject === stricter.policy_id)).toEqual(
    expect.objectContaining({ data: expect.objectContaining({ withoutVote: expect.stringContaining('less') }) }),
  );

  const wider = await apply(policy('billing', [exports]));
  expect(wider.status).toBe('pending');
  expect(await effectOn('billing_card_number')).toBe('deny');
});

test('a version that is as permissive, or permits other things, waits for a vote', async () => {
  const kept = {
    id: 'kept',
    effect: 'allow',
    match: { actions: ['export'], metrics: ['orders_total', 'orders_rate'] },
  };
  await approve(await apply(policy('orders', [kept])));
  expect((await apply(policy('orders', [{ ...kept, id: 'renamed' }]))).status).toBe('pending');
  const other = { ...kept, match: { actions: ['export'], metrics: ['orders_total', 'orders_errors'] } };
  expect((await apply(policy('orders', [other]))).status).toBe('pending');
});

test('a denial that another policy relies on cannot be dropped without a vote', async () => {
  const reads = { id: 'reads', effect: 'allow', match: { actions: ['export'], metrics: ['stock_*', 'shelf_*'] } };
  const guard = { id: 'guard', effect: 'deny', match: { actions: ['export'], metrics: ['stock_private'] } };
  const own = { id: 'own', effect: 'allow', match: { actions: ['export'], metrics: ['guarded_a', 'guarded_b'] } };
  const open = await charter.ok(
    charter.post<Applied>('policies/apply', {
      policy: { apiVersion: 'charter/v1', kind: 'Policy', metadata: { name: 'stock' }, rules: [reads] },
    }),
    201,
  );
  expect(open.status).toBe('active');
  await approve(await apply(policy('guard', [guard, own])));
  const narrowed = { ...own, match: { actions: ['export'], metrics: ['guarded_a'] } };
  expect((await apply(policy('guard', [narrowed]))).status).toBe('pending');
  expect(await effectOn('stock_private')).toBe('deny');
  expect((await apply(policy('guard', [guard, narrowed]))).status).toBe('active');
});

test('stricter rules do not carry a later alarm or an end of approvals with them', async () => {
  const levels = (threshold: number) => ({ escalation: { levels: [{ name: 'HIGH', threshold }] } });
  await approve(await apply(policy('alarms', [exports], levels(3))));
  expect((await apply(policy('alarms', [exports, cards], levels(300)))).status).toBe('pending');
  const unguarded = { ...policy('alarms', [exports, cards], levels(3)), metadata: { name: 'alarms' } };
  expect((await apply(unguarded)).status).toBe('pending');
});
