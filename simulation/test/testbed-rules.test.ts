import { createTestbed, type Testbed } from '@charter/app-testbed/model';
import { describe, expect, test } from 'vitest';
import { judgeAction } from '../src/testbed/health.ts';
import { type ScrapedTestbed, scrape } from '../src/testbed/scraped-testbed.ts';
import { hastyTiming, type RunbookAction, thresholdRules, usualTiming } from '../src/testbed/threshold-rules.ts';

function struck(kind: 'crash' | 'traffic_surge' | 'over_provisioning', component: 'orders' | 'catalog') {
  const testbed = createTestbed({ seed: 3 });
  const scraped = scrape(testbed, { keepSeconds: 0 });
  for (let second = 0; second < 30; second += 1) scraped.tick();
  testbed.injectFault({ kind, component, intensity: 0.9, durationSeconds: 600 });
  return { testbed, scraped };
}

function actionsWithin(
  seconds: number,
  { testbed, scraped }: { testbed: Testbed; scraped: ScrapedTestbed },
  timing = usualTiming,
): (RunbookAction & { after: number })[] {
  const rules = thresholdRules(scraped, timing);
  return Array.from({ length: seconds }, (_, index) => index + 1).flatMap((after) =>
    rules.watch(scraped.tick(), testbed.state).map((action) => ({ ...action, after })),
  );
}

describe('threshold rules, what Charter is compared with', () => {
  test('run the runbook of an alert once it stood long enough, and again after the cool-down', () => {
    const restarts = actionsWithin(120, struck('crash', 'orders')).filter(({ component }) => component === 'orders');
    expect(restarts.map(({ order }) => order.actuator)).toEqual(['restart', 'restart']);
    const [first, second] = restarts.map(({ after }) => after);
    expect(first).toBeGreaterThanOrEqual(usualTiming.forSeconds);
    expect(Number(second) - Number(first)).toBeGreaterThanOrEqual(usualTiming.coolDownSeconds);
  });

  test('act within seconds when nothing makes them wait', () => {
    const actions = actionsWithin(10, struck('crash', 'orders'), hastyTiming);
    expect(actions).toContainEqual(expect.objectContaining({ component: 'orders', order: { actuator: 'restart' } }));
  });

  test('scale what is saturated out, within its limits, and what is above its budget back', () => {
    expect(actionsWithin(60, struck('traffic_surge', 'catalog'))).toContainEqual(
      expect.objectContaining({ component: 'catalog', order: { actuator: 'scale', replicas: 6 } }),
    );
    expect(actionsWithin(60, struck('over_provisioning', 'catalog'))).toContainEqual(
      expect.objectContaining({ component: 'catalog', order: { actuator: 'scale', replicas: 4 } }),
    );
  });
});

describe('whether an action did harm is told by a copy of the system without it', () => {
  test('a restart of what crashes is none', () => {
    const { testbed } = struck('crash', 'orders');
    testbed.advance(10);
    const judged = judgeAction(testbed.save(), { component: 'orders', order: { actuator: 'restart' } });
    expect(judged.withIt).toBeLessThan(judged.withoutIt);
    expect(judged.harmful).toBe(false);
  });

  test('taking the replicas of a healthy database away is harm', () => {
    const testbed = createTestbed({ seed: 4 });
    testbed.advance(30);
    const order = { actuator: 'scale', replicas: 1 } as const;
    expect(judgeAction(testbed.save(), { component: 'database', order })).toMatchObject({
      withoutIt: 0,
      harmful: true,
    });
  });
});
