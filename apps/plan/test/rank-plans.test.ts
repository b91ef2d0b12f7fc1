import type { ActionBelief, Recommendation } from '@charter/shared/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { propose } from '../src/domain/propose.ts';
import { nullStrategy, rankPlans } from '../src/domain/rank-plans.ts';
import { defaultSettings } from '../src/domain/settings.ts';
import { analysis, rootCause, scaleUp, situation, strategy, violation } from './fixtures.ts';

const plan = (change: Parameters<typeof situation>[0] = {}) => propose(situation(change), defaultSettings);
const order = ({ ranked }: ReturnType<typeof plan>) => ranked.map(({ candidate }) => candidate?.id ?? nullStrategy);
const best = ({ running }: ReturnType<typeof plan>) => running[0]?.candidate.strategy ?? nullStrategy;

const belief = (change: Partial<ActionBelief>): ActionBelief => ({
  action: 'SCALE_UP',
  targetClass: 'service',
  strategy: null,
  trials: 30,
  successes: 27,
  harms: 0,
  mean: 0.9,
  lower: 0.8,
  upper: 0.97,
  meanTimeToEffectSeconds: 10,
  confidence: 1,
  earned: 'auto',
  ...change,
});
const taught = (change: Partial<Recommendation>) => ({
  recommendations: new Map([
    [
      'orders/saturation',
      {
        rootCause: 'saturation',
        component: 'orders',
        best: null,
        reason: '',
        actions: [],
        selfRecovery: { trials: 0, mean: 0.5, lower: 0, upper: 1 },
        ...change,
      },
    ],
  ]),
  priors: new Map(),
});

describe('doing nothing', () => {
  test('is scored even when there is no candidate', () => {
    const { ranked, running } = plan({ strategies: [] });
    expect(ranked).toHaveLength(1);
    expect(ranked[0]?.candidate).toBeNull();
    expect(ranked[0]?.score.utility).toBeCloseTo(0.1);
    expect(running).toEqual([]);
  });

  test('wins when such violations go away by themselves', () => {
    const beliefs = taught({ selfRecovery: { trials: 200, mean: 0.9, lower: 0.87, upper: 0.93 } });
    expect(best(plan())).toBe('add-capacity');
    expect(best(plan({ beliefs }))).toBe(nullStrategy);
  });

  test('wins over a remedy whose margin does not exceed the uncertainty', () => {
    const strategies = [strategy('dear', [scaleUp({ cost: 0.65 })])];
    const { ranked, running } = plan({ strategies });
    expect(running).toEqual([]);
    expect(ranked.find(({ candidate }) => candidate)?.blockedBy).toMatch(
      /margin of .* does not exceed the uncertainty/,
    );
  });

  test('is worth its base rate, whatever self-recovery prior Knowledge has without trials', () => {
    const nothing = plan({ beliefs: taught({}) }).ranked.find(({ candidate }) => candidate === null);
    expect(nothing?.score.utility).toBeCloseTo(0.1);
  });
});

describe('utility', () => {
  const utilityOf = (change: Parameters<typeof situation>[0]) =>
    plan(change).ranked.find(({ candidate }) => candidate)?.score;

  test('without evidence it is the price list: benefit from confidence and expectation, minus cost, risk and time', () => {
    const strategies = [strategy('s', [scaleUp({ delay: '60s' })], { expected: { success: 0.8 } })];
    const score = utilityOf({ strategies });
    const benefit = 0.9 * 0.8 + 0.1 * 0.1;
    expect(score?.benefit).toBeCloseTo(benefit, 3);
    expect(score?.utility).toBeCloseTo(benefit - 0.15 - 0.2 * 0.15 - benefit * 0.1, 3);
  });

  test('benefit never exceeds 0.95', () => {
    const strategies = [strategy('s', [scaleUp()], { expected: { success: 1 } })];
    const rootCauses = [rootCause({ confidence: 1 })];
    expect(utilityOf({ strategies, analysis: analysis({ rootCauses }) })?.benefit).toBe(0.95);
  });

  test('evidence of success raises it, evidence of failure and of harm lower it', () => {
    const prior = utilityOf({})?.utility ?? 0;
    const good = utilityOf({ beliefs: taught({ actions: [belief({ mean: 0.99, lower: 0.96, upper: 1 })] }) });
    const bad = utilityOf({ beliefs: taught({ actions: [belief({ mean: 0.2, lower: 0.1, upper: 0.3 })] }) });
    const harmful = utilityOf({ beliefs: taught({ actions: [belief({ harms: 30 })] }) });
    const harmless = utilityOf({ beliefs: taught({ actions: [belief({ harms: 0 })] }) });
    expect(good?.utility).toBeGreaterThan(prior);
    expect(bad?.utility).toBeLessThan(prior);
    expect(harmful?.utility).toBeLessThan(harmless?.utility ?? 0);
  });

  test('evidence narrows the uncertainty', () => {
    const known = utilityOf({ beliefs: taught({ actions: [belief({})] }) });
    expect(known?.uncertainty).toBeLessThan(utilityOf({})?.uncertainty ?? 0);
  });

  test("a strategy's own evidence goes before pooled evidence", () => {
    const actions = [belief({ mean: 0.95 }), belief({ strategy: 'add-capacity', mean: 0.1, lower: 0.05, upper: 0.2 })];
    const own = utilityOf({ beliefs: taught({ actions }) })?.utility ?? 1;
    const pooled = utilityOf({ beliefs: taught({ actions: [belief({ mean: 0.95 })] }) })?.utility ?? 0;
    expect(own).toBeLessThan(pooled);
  });

  test('evidence about another class or action is not used', () => {
    const actions = [belief({ targetClass: 'store', mean: 0.1 }), belief({ action: 'RESTART_SERVICE', mean: 0.1 })];
    expect(utilityOf({ beliefs: taught({ actions }) })).toEqual(utilityOf({}));
  });

  test('what Knowledge adapted is not counted again beside the trials it was adapted from', () => {
    const { recommendations } = taught({ actions: [belief({})] });
    const priors = new Map([['add-capacity', { success: 0.1, confidence: 1 }]]);
    expect(utilityOf({ beliefs: { recommendations, priors } })).toEqual(
      utilityOf({ beliefs: taught({ actions: [belief({})] }) }),
    );
  });

  test('an adapted expectation moves it as far as it is certain', () => {
    const priors = new Map([['add-capacity', { success: 0.1, confidence: 1 }]]);
    expect(utilityOf({ beliefs: { recommendations: new Map(), priors } })?.utility).toBeLessThan(
      utilityOf({})?.utility ?? 0,
    );
  });
});

describe('order', () => {
  const equal = (name: string, rung: number) => strategy(name, [scaleUp()], { rung });

  test('equal utilities go by rung, then by id', () => {
    const strategies = [equal('b', 0), equal('z', 0), equal('a', 1)];
    expect(order(plan({ strategies })).slice(0, 3)).toEqual([
      'b@orders/saturation',
      'z@orders/saturation',
      'a@orders/saturation',
    ]);
  });

  test('never depends on the order of strategies, root causes or targets', () => {
    const strategies = [
      equal('same-1', 1),
      equal('same-2', 1),
      strategy('restart', [{ action: 'RESTART_SERVICE' }]),
      strategy('throttle', [{ action: 'THROTTLE_REQUESTS', parameters: { requestsPerSecond: 100 } }]),
      strategy('broken', [scaleUp({ target: 'nowhere' })]),
    ];
    const rootCauses = [
      rootCause(),
      rootCause({ component: 'payments', confidence: 0.7 }),
      rootCause({ component: 'database', confidence: 0.65 }),
    ];
    const facts = situation({ analysis: analysis({ rootCauses }), strategies });
    const expected = propose(facts, defaultSettings);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(strategies, { minLength: strategies.length }),
        fc.shuffledSubarray(rootCauses, { minLength: rootCauses.length }),
        (shuffledStrategies, shuffledCauses) => {
          const proposal = propose(
            { ...facts, strategies: shuffledStrategies, analysis: { ...facts.analysis, rootCauses: shuffledCauses } },
            defaultSettings,
          );
          expect(proposal.ranked).toEqual(expected.ranked);
          expect(proposal.running).toEqual(expected.running);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('holds the null plan exactly once and every candidate exactly once, whatever is worth what', () => {
    const action = fc.record({
      cost: fc.double({ min: 0, max: 1, noNaN: true }),
      risk: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 20 }),
        fc.double({ min: 0.6, max: 1, noNaN: true }),
        (prices, confidence) => {
          const strategies = prices.map((price, index) => strategy(`s${String(index)}`, [scaleUp(price)]));
          const proposal = plan({ strategies, analysis: analysis({ rootCauses: [rootCause({ confidence })] }) });
          const ids = order(proposal);
          expect(ids.filter((id) => id === nullStrategy)).toHaveLength(1);
          expect(new Set(ids).size).toBe(strategies.length + 1);
          const nothing = proposal.ranked.find(({ candidate }) => !candidate)?.score.utility ?? 0;
          for (const { score } of proposal.running) expect(score.utility - nothing).toBeGreaterThan(score.uncertainty);
        },
      ),
      { numRuns: 100 },
    );
  });
});

test('parameters stay within the limits of the target for every factor and every state', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 100, noNaN: true }),
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom('SCALE_UP', 'SCALE_DOWN'),
      (scaleBy, replicas, action) => {
        const facts = situation({ strategies: [strategy('s', [{ action, parameters: { replicas: { scaleBy } } }])] });
        const state = facts.states.get('orders');
        if (!state) throw new Error('no state');
        const states = new Map([['orders', { ...state, spec: { replicas } }]]);
        for (const { candidate, blockedBy } of propose({ ...facts, states }, defaultSettings).ranked) {
          if (!candidate || candidate.blockedBy !== null || blockedBy !== null) continue;
          const wanted = Number(candidate.actions[0]?.parameters.replicas);
          expect(wanted).toBeGreaterThanOrEqual(1);
          expect(wanted).toBeLessThanOrEqual(20);
          expect(Math.sign(wanted - replicas)).toBe(action === 'SCALE_UP' ? 1 : -1);
        }
      },
    ),
  );
});

test('the worst violation that something may be done about sets the stakes', () => {
  const violations = [
    violation({ severity: 'info' }),
    violation({ severity: 'critical', suppressed: { by: 'silence', reference: 's1' } }),
    violation({ severity: 'warning' }),
  ];
  expect(plan({ analysis: analysis({ violations }) }).severity).toBe('warning');
});

test('an empty ranking input still ranks the null plan', () => {
  expect(rankPlans([], { recommendations: new Map(), priors: new Map() }, 'info', defaultSettings)).toHaveLength(1);
});
