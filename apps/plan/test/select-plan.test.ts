import type { Recommendation } from '@charter/shared/contracts';
import { describe, expect, test } from 'vitest';
import { causeKey } from '../src/domain/candidate.ts';
import { propose, type Situation } from '../src/domain/propose.ts';
import { mayExplore, selectPlan } from '../src/domain/select-plan.ts';
import { defaultSettings } from '../src/domain/settings.ts';
import { noBeliefs, rootCause, scaleUp, situation, strategy } from './fixtures.ts';

const restart = (rest: object = {}) => strategy('restart', [{ action: 'RESTART_SERVICE' }], rest);
const strategies = (rest: object) => [strategy('add-capacity', [scaleUp()]), restart(rest)];
const granted = (change: Partial<Situation> = {}) =>
  situation({ strategies: strategies({ explore: true, expected: { success: 0.9 } }), saved: 5, ...change });

function select(facts: Situation, seed: string) {
  const proposal = propose(facts, defaultSettings);
  const open = proposal.running;
  const selected = selectPlan(open, facts, proposal, defaultSettings, seed);
  return { ...selected, strategy: open[selected.index]?.candidate.strategy, open: open.length };
}
const draws = (facts: Situation, many = 300) =>
  Array.from({ length: many }, (_, index) => select(facts, `incident-${String(index)}`));
const share = (selected: ReturnType<typeof draws>, name: string) =>
  selected.filter((one) => one.strategy === name).length / selected.length;

const belief = (action: 'RESTART_SERVICE' | 'SCALE_UP', trials: number, mean: number) => ({
  action,
  targetClass: 'service',
  strategy: null,
  trials,
  successes: trials * mean,
  harms: 0,
  mean,
  lower: Math.max(0, mean - 0.05),
  upper: Math.min(1, mean + 0.05),
  meanTimeToEffectSeconds: 5,
  confidence: 0.9,
  earned: 'observe' as const,
});
function knowing(change: Partial<Recommendation>): Situation['beliefs'] {
  const { metric, component } = rootCause();
  const recommendation: Recommendation = {
    rootCause: metric,
    component,
    best: null,
    reason: '',
    actions: [],
    selfRecovery: { trials: 0, mean: 0.1, lower: 0, upper: 0.3 },
    ...change,
  };
  return { ...noBeliefs, recommendations: new Map([[causeKey(rootCause()), recommendation]]) };
}

describe('without a grant', () => {
  test('the best is taken for certain, and nothing is drawn', () => {
    const facts = situation({ strategies: strategies({}), saved: 5 });
    expect(mayExplore(propose(facts, defaultSettings), facts.strategies)).toBe(false);
    for (const one of draws(facts, 20)) {
      expect(one).toMatchObject({ index: 0, credit: null, choice: { propensity: 1, seed: null, chances: {} } });
    }
  });
});

describe('where nothing is known to beat doing nothing', () => {
  // on the pack's word it is worth about as much as it costs: it may help, or may not
  const dear = (rest: object = {}) =>
    situation({
      strategies: [strategy('dear', [scaleUp({ cost: 0.3 })], { expected: { success: 0.45 }, ...rest })],
      saved: 5,
    });

  test('what may beat it is tried as often as its recorded chances say, where the pack grants it', () => {
    const proposal = propose(dear({ explore: true }), defaultSettings);
    expect(proposal.running).toEqual([]);
    expect(proposal.exploring.map(({ candidate }) => candidate.strategy)).toEqual(['dear']);
    expect(mayExplore(proposal, [])).toBe(true);
    const drawn = Array.from({ length: 300 }, (_, index) =>
      selectPlan(proposal.exploring, dear({ explore: true }), proposal, defaultSettings, `incident-${String(index)}`),
    );
    const tried = drawn.filter(({ index }) => index === 0);
    const chance = drawn.reduce((sum, { choice }) => sum + (choice.chances.dear ?? 0), 0) / drawn.length;
    expect(chance).toBeGreaterThan(0.05);
    expect(chance).toBeLessThan(0.95);
    expect(Math.abs(tried.length / drawn.length - chance)).toBeLessThan(0.08);
    for (const { index, choice, credit } of drawn) {
      expect(choice.runbook).toBe('null');
      expect(choice.propensity).toBe(choice.chances[index === 0 ? 'dear' : 'null']);
      expect(credit?.explored ?? false).toBe(index === 0);
    }
  });

  test('nothing is tried without a grant, without savings, or against the evidence', () => {
    expect(propose(dear(), defaultSettings).exploring).toEqual([]);
    const poor = { ...dear({ explore: true }), saved: 0 };
    const proposal = propose(poor, defaultSettings);
    const held = selectPlan(proposal.exploring, { ...poor, saved: -1 }, proposal, defaultSettings, 'incident-1');
    expect(held).toMatchObject({ index: -1, choice: { propensity: 1, runbook: 'null' }, credit: null });
    const hopeless = { ...dear({ explore: true }), beliefs: knowing({ actions: [belief('SCALE_UP', 200, 0.05)] }) };
    expect(propose(hopeless, defaultSettings).exploring).toEqual([]);
  });

  test('what was never tried is not cut off by many that are known to be middling', () => {
    const middling = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) =>
      strategy(name, [scaleUp({ cost: 0.1 })], { expected: { success: 0.5 }, explore: true }),
    );
    const fresh = strategy('fresh', [{ action: 'RESTART_SERVICE', cost: 0.15 }], {
      expected: { success: 0.5 },
      explore: true,
    });
    const beliefs = knowing({ actions: [belief('SCALE_UP', 200, 0.5)] });
    const { running, exploring } = propose(situation({ strategies: [...middling, fresh], beliefs }), defaultSettings);
    expect([...running, ...exploring].map(({ candidate }) => candidate.strategy)).toContain('fresh');
    expect(running.length + exploring.length).toBe(defaultSettings.maxCandidates);
  });
});

describe('where the pack grants it', () => {
  test('the draw explores as often as its recorded chances say', () => {
    const all = draws(granted());
    const [first] = all;
    expect(first?.open).toBe(2);
    const chance = all.reduce((sum, { choice }) => sum + (choice.chances.restart ?? 0), 0) / all.length;
    expect(chance).toBeGreaterThan(0.02);
    expect(Math.abs(share(all, 'restart') - chance)).toBeLessThan(0.06);
    for (const { choice, strategy: name } of all) {
      expect(choice.propensity).toBe(choice.chances[name ?? '']);
      expect(Object.values(choice.chances).reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9);
    }
  });

  test('the same seed draws the same, another one may not', () => {
    const seeds = Array.from({ length: 200 }, (_, index) => `plan-${String(index)}`);
    const drawn = seeds.map((seed) => select(granted(), seed));
    expect(seeds.map((seed) => select(granted(), seed))).toEqual(drawn);
    expect(new Set(drawn.map(({ index }) => index)).size).toBe(2);
  });

  test('nothing is explored while nothing was saved up for it', () => {
    const facts = granted({ saved: 0 });
    const all = draws(facts);
    expect(share(all, 'add-capacity')).toBe(1);
    expect(all.every(({ choice }) => choice.propensity === 1)).toBe(true);
    expect(all.some(({ choice }) => choice.held === 'budget')).toBe(true);
    expect(all.every(({ credit }) => credit !== null && credit.now > 0)).toBe(true);
  });

  test('what helps is found: with evidence against the runbook it is hardly drawn any more', () => {
    const actions = [belief('SCALE_UP', 200, 0.62), belief('RESTART_SERVICE', 200, 0.6)];
    const even = share(draws(granted({ beliefs: knowing({ actions }) })), 'restart');
    const clear = share(
      draws(
        granted({
          beliefs: knowing({ actions: [actions[0] ?? belief('SCALE_UP', 1, 1), belief('RESTART_SERVICE', 200, 0.97)] }),
        }),
      ),
      'restart',
    );
    expect(clear).toBeGreaterThan(0.9);
    expect(even).toBeLessThan(0.5);
  });

  test('the order of trying is planned: what rarely helps after the other failed is tried before it', () => {
    const orders = (helped: number) =>
      knowing({
        actions: [belief('SCALE_UP', 200, 0.7), belief('RESTART_SERVICE', 200, 0.7)],
        ladder: [
          { failed: ['add-capacity'], strategy: 'restart', trials: 200, successes: helped },
          { failed: ['restart'], strategy: 'add-capacity', trials: 200, successes: 180 },
        ],
      });
    const hopelessAfter = share(draws(granted({ beliefs: orders(2) })), 'restart');
    const fineAfter = share(draws(granted({ beliefs: orders(180) })), 'restart');
    expect(hopelessAfter).toBeGreaterThan(fineAfter + 0.3);
  });
});
