import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { charterAgain, type RecordedAnswer, readPack } from '@charter/replay';
import type { Decision, DecisionRequest } from '@charter/shared/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;
let pack: Awaited<ReturnType<typeof readPack>>;
const noon = Date.parse('2026-01-05T12:00:00Z');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'charter-again-'));
  const policy = {
    apiVersion: 'charter/v1',
    kind: 'Policy',
    metadata: { name: 'shop', environment: 'production' },
    rules: [
      { id: 'restarts', effect: 'allow', match: { actions: ['RESTART_SERVICE'] }, automation: { max: 'auto' } },
      { id: 'scales', effect: 'deny', match: { actions: ['SCALE_UP'] } },
    ],
  };
  await writeFile(join(folder, 'policy.yaml'), JSON.stringify(policy));
  pack = await readPack(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const request = (action: string): DecisionRequest => ({
  action,
  environment: 'production',
  target: 'orders',
  targetClass: 'service',
});
const decision = (change: Partial<Decision> = {}): Decision => ({
  effect: 'allow',
  reasons: [{ policy: 'shop', rule: 'r', line: 1, effect: 'allow', text: 'as recorded' }],
  obligations: {},
  automation: 'auto',
  policyVersion: 'v',
  decisionId: 'recorded',
  decidedAt: new Date(noon).toISOString(),
  ...change,
});
const grounds = (change: Partial<NonNullable<RecordedAnswer['grounds']>> = {}): RecordedAnswer['grounds'] => ({
  now: noon,
  override: null,
  limit: null,
  automation: { granted: null, global: 'auto' },
  ...change,
});
const ask = (action: string, recorded: readonly RecordedAnswer[]) =>
  charterAgain(pack, recorded, noon)(request(action));

test('what the policies still say is the recorded answer itself; what they say otherwise is new', () => {
  const same = ask('RESTART_SERVICE', [
    { request: request('RESTART_SERVICE'), decision: decision(), grounds: grounds() },
  ]);
  expect(same.decisionId).toBe('recorded');
  const other = ask('SCALE_UP', [{ request: request('SCALE_UP'), decision: decision(), grounds: grounds() }]);
  expect(other).toMatchObject({ effect: 'deny', decisionId: 'replayed' });
});

test('an answer of an override, of a used-up limit or of a policy outside the pack stands', () => {
  for (const stands of [
    { decision: decision(), grounds: grounds({ override: 'o-1' }) },
    { decision: decision(), grounds: grounds({ limit: '2 a day are allowed' }) },
    {
      decision: decision({ reasons: [{ policy: 'elsewhere', rule: 'r', line: 1, effect: 'allow', text: '' }] }),
      grounds: grounds(),
    },
  ]) {
    expect(ask('SCALE_UP', [{ request: request('SCALE_UP'), ...stands }]).decisionId).toBe('recorded');
  }
});

test('automation goes no further than was granted then', () => {
  const recorded = (granted: 'observe' | 'approve' | null, global: 'observe' | 'auto' = 'auto'): RecordedAnswer => ({
    request: request('RESTART_SERVICE'),
    decision: decision({ automation: 'approve' }),
    grounds: grounds({ automation: { granted, global } }),
  });
  expect(ask('RESTART_SERVICE', [recorded('approve')])).toMatchObject({
    automation: 'approve',
    decisionId: 'recorded',
  });
  expect(ask('RESTART_SERVICE', [recorded(null)])).toMatchObject({ automation: 'auto', decisionId: 'replayed' });
  expect(ask('RESTART_SERVICE', [recorded(null, 'observe')])).toMatchObject({ automation: 'observe' });
  const unknown = { ...recorded(null), grounds: null };
  expect(ask('RESTART_SERVICE', [unknown])).toMatchObject({ automation: 'approve', decisionId: 'recorded' });
});
