import { openStore } from '@charter/store';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { situationsSince } from '../src/adapters/situation-history.ts';
import type { PlanTables } from '../src/adapters/tables.ts';
import { planMigrations } from '../src/migrations.ts';
import { makePlan } from '../src/workers/plan-incident.ts';
import {
  analysis,
  noon,
  rootCause,
  scaleUp,
  targetState,
  violation,
  writtenStrategy,
  writtenTarget,
} from './fixtures.ts';
import { type Loop, startLoop } from './loop.ts';
import { eventually } from './shop.ts';

const components = Array.from({ length: 12 }, (_, index) => `web-${String(index)}`);
const pack = {
  id: 'pack-1',
  name: 'shop',
  version: '1',
  environment: 'production',
  activatedAt: noon,
  policies: [],
  documents: [
    ...components.map((name) => writtenTarget(name)),
    writtenStrategy('add-capacity', [scaleUp()]),
    writtenStrategy('restart', [{ action: 'RESTART_SERVICE' }], { explore: true }),
  ],
};

let loop: Loop;
beforeAll(async () => {
  const servers = { postgresUrl: inject('postgresUrl'), redisUrl: inject('redisUrl') };
  const targets = components.map((name) => targetState(name));
  loop = await startLoop(servers, { pack, targets }, { PLAN_STORM_COMPONENTS: '99', PLAN_SETTLE_TIME: '1s' });
  await vi.waitFor(async () => expect((await loop.get('/ready')).status).toBe(200), { timeout: 10_000 });
});
afterAll(() => loop.close());

function incidentOf(component: string) {
  const open = analysis({ rootCauses: [rootCause({ component })] });
  return { ...open, violations: [violation({ incidentId: open.incidentId, component })] };
}

async function plansFor(some: readonly string[]) {
  const incidents = some.map(incidentOf);
  for (const incident of incidents) await loop.send(incident);
  const ids = new Set(incidents.map(({ incidentId }) => incidentId));
  const plans = () => loop.plans.filter(({ incidentId }) => ids.has(incidentId));
  await eventually(() => plans().length).toBe(some.length);
  return plans();
}

async function history() {
  const store = await openStore<PlanTables>({
    url: loop.databaseUrl,
    schema: 'plan',
    migrations: planMigrations,
    poolSize: 1,
  });
  const all = [];
  for await (const page of situationsSince(store, new Date(0), 3)) all.push(...page);
  await store.close();
  return all;
}

describe('a granted exploration', () => {
  test('is recorded with chance and seed, saves before it spends, and asks the charter about all that could be drawn', async () => {
    const plans = [...(await plansFor(components.slice(0, 5))), ...(await plansFor(components.slice(5, 6)))];
    for (const plan of plans) {
      expect(plan.choice).toMatchObject({ seed: plan.id, draws: 100, runbook: 'add-capacity' });
      expect(plan.choice?.propensity).toBe(plan.choice?.chances[plan.strategy]);
    }
    expect(plans[0]?.choice?.saved).toBe(0);
    expect(plans.at(-1)?.choice?.saved).toBeGreaterThan(0);
    const asked = loop.neighbors.decisionsAsked.filter(({ plan }) => plan?.id === plans[0]?.id);
    expect(asked.map(({ action }) => action).toSorted()).toEqual(['RESTART_SERVICE', 'SCALE_UP']);
  });

  test('goes on by the expectations of the pack while knowledge is away', async () => {
    loop.neighbors.away.add('knowledge');
    const [plan] = await plansFor(components.slice(6, 7));
    loop.neighbors.away.delete('knowledge');
    expect(plan?.choice?.runbook).toBe('add-capacity');
    expect(plan?.reasons.join()).toContain("the pack's expectation");
  });
});

test('every plan can be made again from its record, its draw included', async () => {
  await plansFor(components.slice(7, 9));
  const records = await history();
  expect(records.length).toBeGreaterThan(7);
  for (const { plan, status, situation, ground, asked } of records) {
    const answers = new Map(
      asked.map(({ request, decision }) => [`${request.plan?.hash} ${request.target}`, decision]),
    );
    const course = await makePlan(situation, {
      settings: ground.settings,
      metrics: { scored: () => undefined },
      charter: {
        decide: async (request) => {
          const answer = answers.get(`${request.plan?.hash} ${request.target}`);
          if (!answer) throw new Error('the charter was not asked this');
          return answer;
        },
      },
      newId: () => plan.id,
    });
    expect(course.status).toBe(status);
    expect(course.plan).toEqual({ ...plan, generations: {} });
  }
});
