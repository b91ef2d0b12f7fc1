import type { ActivePack, Analysis } from '@charter/shared/contracts';
import { newId } from '@charter/store';
import { afterAll, beforeAll, beforeEach, expect, inject, vi } from 'vitest';
import { z } from 'zod';
import { PlanItem } from '../src/adapters/plan-log.ts';
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
import { allow } from './stand-ins.ts';

const components = Array.from({ length: 40 }, (_, index) => `orders-${String(index)}`);
const pack: ActivePack = {
  id: newId(),
  name: 'demo',
  version: '1',
  environment: 'production',
  activatedAt: noon,
  policies: [],
  documents: [
    ...components.map((name) => writtenTarget(name)),
    writtenStrategy('add-capacity', [scaleUp({ delay: '3s' })], { match: { metrics: ['saturation'] } }),
    writtenStrategy('restart', [{ action: 'RESTART_SERVICE' }], { match: { metrics: ['saturation'] }, rung: 1 }),
  ],
};

export const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 10_000, interval: 20 });
/** A loop for one test file; every test has a component of its own that nothing else has touched. */
export function useShop() {
  let loop: Loop;
  let next = 0;
  let component = '';

  beforeAll(async () => {
    const servers = { postgresUrl: inject('postgresUrl'), redisUrl: inject('redisUrl') };
    // every test has an incident of its own and leaves it open: the brake must not see a storm in that
    loop = await startLoop(
      servers,
      { pack, targets: components.map((name) => targetState(name)) },
      { PLAN_STORM_COMPONENTS: '99' },
    );
    await vi.waitFor(async () => expect((await loop.get('/ready')).status).toBe(200), { timeout: 10_000 });
  });
  afterAll(() => loop.close());

  beforeEach(() => {
    component = components[next] ?? 'none';
    next += 1;
    loop.neighbors.decision = () => allow({});
    loop.neighbors.recommendation = null;
    loop.neighbors.away.clear();
  });

  function incident(change: Partial<Analysis> = {}): Analysis {
    const incidentId = change.incidentId ?? newId();
    return analysis({
      violations: [violation({ incidentId, component })],
      rootCauses: [rootCause({ component })],
      ...change,
      incidentId,
    });
  }
  const resolved = (open: Analysis, revision: number): Analysis => ({
    ...open,
    id: newId(),
    revision,
    violations: open.violations.map((each) => ({
      ...each,
      state: 'resolved' as const,
      resolvedAt: new Date().toISOString(),
    })),
  });
  const again = (open: Analysis, revision: number): Analysis => ({ ...open, id: newId(), revision });

  const Items = z.object({ items: z.array(PlanItem) });
  const plansOf = async ({ incidentId }: Analysis) =>
    Items.parse((await loop.get(`/api/v1/plans?incidentId=${incidentId}`)).body).items;
  const handedOn = ({ incidentId }: Analysis) => loop.plans.filter((plan) => plan.incidentId === incidentId);
  const outcomesOf = ({ incidentId }: Analysis) =>
    loop.outcomes
      .filter((outcome) => outcome.incidentId === incidentId)
      .map(({ id, type, disposition, executed }) => ({ id, type, disposition, executed }));
  const story = ({ incidentId }: Analysis) =>
    loop.timeline.filter((entry) => entry.incidentId === incidentId).map(({ event }) => event);
  const statuses = async (open: Analysis) => (await plansOf(open)).map(({ status }) => status);

  /** Execute reports how the newest plan of an incident went. */
  function executed(open: Analysis, outcomeType: string, state = 'completed'): void {
    const plan = handedOn(open).at(-1);
    if (!plan) throw new Error('no plan was handed on');
    loop.neighbors.executions.push({ id: newId(), planId: plan.id, incidentId: open.incidentId, state, outcomeType });
  }

  return {
    get loop() {
      return loop;
    },
    get component() {
      return component;
    },
    incident,
    resolved,
    again,
    plansOf,
    handedOn,
    outcomesOf,
    story,
    statuses,
    executed,
  };
}
