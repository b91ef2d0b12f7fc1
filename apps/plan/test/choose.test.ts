import type { AutomationMode, Decision } from '@charter/shared/contracts';
import { expect, test } from 'vitest';
import { propose } from '../src/domain/propose.ts';
import { defaultSettings } from '../src/domain/settings.ts';
import { choose } from '../src/workers/choose.ts';
import { noon, scaleUp, situation, strategy } from './fixtures.ts';

const answering = (automation: AutomationMode, effect: Decision['effect'] = 'allow') => ({
  decide: async (): Promise<Decision> => ({
    effect,
    reasons: [],
    obligations: {},
    automation,
    policyVersion: 'v1',
    decisionId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    decidedAt: noon,
  }),
});

/** Nothing is known to beat doing nothing; one remedy may, and the pack lets it be tried. */
const facts = situation({
  strategies: [strategy('dear', [scaleUp({ cost: 0.3 })], { expected: { success: 0.45 }, explore: true })],
  saved: 5,
});
const chosenBy = (charter: ReturnType<typeof answering>) =>
  Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      choose(`plan-${String(index)}`, propose(facts, defaultSettings), facts, charter, defaultSettings),
    ),
  );

test('what may beat doing nothing is drawn against it, and either choice says so', async () => {
  const chosen = await chosenBy(answering('auto'));
  const tried = chosen.filter(({ status }) => status === 'sent');
  const left = chosen.filter(({ status }) => status === 'null-plan');
  expect(tried.length).toBeGreaterThan(0);
  expect(left.length).toBeGreaterThan(0);
  expect(tried.length + left.length).toBe(60);
  expect(tried[0]?.reasons.join()).toMatch(
    /drawn among null \d+ %, dear \d+ %: the draw fell on it instead of null, to learn/,
  );
  expect(tried[0]?.credit).toMatchObject({ explored: true });
  expect(left[0]?.reasons.join()).toMatch(/does not exceed the uncertainty.*the draw fell on the best known one/);
  expect(left[0]?.choice).toMatchObject({ runbook: 'null' });
});

test('people are not asked about what is only tried to learn, and what is denied stays undone', async () => {
  for (const charter of [answering('approve'), answering('observe'), answering('auto', 'deny')]) {
    for (const one of await chosenBy(charter)) expect(one).toMatchObject({ status: 'null-plan', candidate: null });
  }
});
