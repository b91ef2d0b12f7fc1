import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { init, killThreads } from 'z3-solver';
import type { NativeDocument, RuleDocument } from '../src/document/native-document.ts';
import { comparePolicies } from '../src/index.ts';
import { smallDocument } from './analysis-small-domain.ts';
import { loadPolicy } from './load.ts';

type Solver = Awaited<ReturnType<typeof init>>;

const runs = process.env.CHARTER_FULL === '1' ? 1_000 : 25;
let solver: Solver;
let context: ReturnType<Solver['Z3']['mk_context']>;
let checker: ReturnType<Solver['Z3']['mk_simple_solver']>;
beforeAll(async () => {
  solver = await init();
  context = solver.Z3.mk_context(solver.Z3.mk_config());
  checker = solver.Z3.mk_simple_solver(context);
  solver.Z3.solver_inc_ref(context, checker);
}, 60_000);
afterAll(() => killThreads(solver.em));

/** A letter or a short name as the solver sees it. Patterns tell apart first, last and any letters: three are enough. */
function code(name: string): string {
  return String(name.charCodeAt(0));
}

/** What a request may be. */
const request = `
    (declare-const action Int)
    (declare-const length Int) (declare-const first Int) (declare-const second Int) (declare-const third Int)
    (declare-const has-metric Bool)
    (declare-const role Int) (declare-const has-role Bool)
    (declare-const risk Real) (declare-const has-risk Bool) (declare-const has-plan Bool)
    (declare-const in-w Bool) (declare-const has-windows Bool)
    (assert (and (<= 0 length) (<= length 3)))
    (define-fun last () Int (ite (= length 1) first (ite (= length 2) second third)))
    (define-fun starts ((letter Int)) Bool (and (>= length 1) (= first letter)))
    (define-fun ends ((letter Int)) Bool (and (>= length 1) (= last letter)))
    (define-fun holds-a () Bool (or (starts ${code('a')}) (ends ${code('a')}) (and (= length 3) (= second ${code('a')}))))
    (define-fun knows-risk () Bool (and has-plan has-risk))
    (define-fun no-risk () Bool (and has-plan (not has-risk)))
    (define-fun open-w () Bool (and has-windows in-w))
    (define-fun shut-w () Bool (and has-windows (not in-w)))`;

const metrics: Readonly<Record<string, string>> = {
  a: `(and (= length 1) (starts ${code('a')}))`,
  b: `(and (= length 1) (starts ${code('b')}))`,
  ab: `(and (= length 2) (starts ${code('a')}) (ends ${code('b')}))`,
  'a*': `(starts ${code('a')})`,
  'b*': `(starts ${code('b')})`,
  '*b': `(ends ${code('b')})`,
  'a*b': `(and (>= length 2) (starts ${code('a')}) (ends ${code('b')}))`,
  '*a*': 'holds-a',
  '*': 'true',
};
const isRole = (name: string): string => `(= role ${code(name)})`;

/** When each condition of the small documents is true and when it is false, written anew for the solver. */
const conditions: Readonly<Record<string, readonly [holds: string, fails: string]>> = {
  'plan.risk >= 0.3': ['(and knows-risk (>= risk 0.3))', '(and knows-risk (< risk 0.3))'],
  'plan.risk < 0.3': ['(and knows-risk (< risk 0.3))', '(and knows-risk (>= risk 0.3))'],
  '!(plan.risk > 0.5)': ['(and knows-risk (<= risk 0.5))', '(and knows-risk (> risk 0.5))'],
  'plan.risk == 0.5 || inWindow("w")': [
    '(or (and knows-risk (= risk 0.5)) open-w)',
    '(and knows-risk (not (= risk 0.5)) shut-w)',
  ],
  'has(plan.risk) && plan.risk < 0.5': ['(and knows-risk (< risk 0.5))', '(or no-risk (and knows-risk (>= risk 0.5)))'],
  '!inWindow("w")': ['shut-w', 'open-w'],
  'metric.startsWith("a")': [`(and has-metric (starts ${code('a')}))`, `(and has-metric (not (starts ${code('a')})))`],
  '!metric.endsWith("b") && role != "r"': [
    `(and has-metric (not (ends ${code('b')})) has-role (not ${isRole('r')}))`,
    `(or (and has-metric (ends ${code('b')})) (and has-role ${isRole('r')}))`,
  ],
  'role in ["r", "s"]': [
    `(and has-role (or ${isRole('r')} ${isRole('s')}))`,
    `(and has-role (not (or ${isRole('r')} ${isRole('s')})))`,
  ],
  'has(plan.risk) ? plan.risk > 0.3 : inWindow("w")': [
    '(or (and knows-risk (> risk 0.3)) (and no-risk open-w))',
    '(or (and knows-risk (<= risk 0.3)) (and no-risk shut-w))',
  ],
  false: ['false', 'true'],
};

const anyOf = (parts: readonly string[]): string => (parts.length === 0 ? 'false' : `(or ${parts.join(' ')})`);

const among = (patterns: readonly string[] | undefined, claimOf: (pattern: string) => string): string =>
  patterns === undefined ? 'true' : anyOf(patterns.map(claimOf));

function matched({ effect, match, when }: RuleDocument): string {
  const selected = [
    among(match.actions, (name) => (name === '*' ? 'true' : `(= action ${code(name)})`)),
    among(match.metrics, (pattern) => `(and has-metric ${metrics[pattern] ?? expect.unreachable(pattern)})`),
    among(match.roles, (name) => `(and has-role ${isRole(name)})`),
  ];
  if (when === undefined) return `(and ${selected.join(' ')})`;
  const [holds, fails] = conditions[when] ?? expect.unreachable(`${when} is not written for the solver`);
  return `(and ${selected.join(' ')} ${effect === 'allow' ? holds : `(not ${fails})`})`;
}

/** How far a document lets a request: 0 denied, 1 with approval, 2 allowed. */
function levelOf({ rules }: NativeDocument): string {
  const some = (effect: RuleDocument['effect']): string =>
    anyOf(rules.filter((rule) => rule.effect === effect).map(matched));
  return `(ite ${some('deny')} 0 (ite ${some('require-approval')} 1 (ite ${some('allow')} 2 0)))`;
}

/** The text goes in before the solver's own thread starts: that one would read it too late. */
async function isPossible(claim: string): Promise<boolean> {
  const { Z3 } = solver;
  Z3.solver_reset(context, checker);
  Z3.solver_from_string(context, checker, `${request}\n(assert ${claim})`);
  const answer = await Z3.solver_check(context, checker);
  if (answer === 0) throw new Error(`the solver cannot tell about ${claim}`);
  return answer === 1;
}

test('versions compare as a solver says, over all numbers', { timeout: 600_000 }, async () => {
  const document = smallDocument(4).map((one) => ({
    ...one,
    rules: one.rules.map(({ obligations: _, ...rule }) => rule),
  }));
  const verdicts = new Set<string>();
  await fc.assert(
    fc.asyncProperty(document, document, async (before, after) => {
      const result = comparePolicies([loadPolicy(before)], [loadPolicy(after)]);
      if (!result.ok) throw new Error(JSON.stringify(result.errors));
      const [old, now] = [levelOf(before), levelOf(after)];
      const isMore = await isPossible(`(> ${now} ${old})`);
      const isLess = await isPossible(`(< ${now} ${old})`);
      verdicts.add(result.comparison.verdict);
      expect(result.comparison.verdict).toBe(
        isMore && isLess ? 'incomparable' : isMore ? 'more' : isLess ? 'less' : 'equivalent',
      );
    }),
    { numRuns: runs },
  );
  expect(verdicts.size).toBeGreaterThan(1);
});
