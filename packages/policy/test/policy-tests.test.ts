import { expect, test } from 'vitest';
import { runPolicyTests } from '../src/index.ts';
import { loadPolicy, policyText } from './load.ts';

const text = `${policyText(
  [
    '{id: billing-export, effect: allow, match: {actions: [export], metrics: ["billing_*"], roles: [auditor]}, when: labels.env == "prod"}',
    '{id: no-card-data, effect: deny, match: {metrics: ["billing_card_*"]}}',
    '{id: never-tried, effect: allow, match: {actions: [read]}}',
  ],
  'metadata: {name: p, environment: production}',
)}tests:
  - {name: auditor exports, request: {action: export, metric: billing_total, role: auditor, labels: {env: prod}}, expect: {effect: allow, rule: billing-export}}
  - {name: no cards, request: {action: export, metric: billing_card_no, role: auditor, labels: {env: prod}}, expect: {effect: deny, rule: no-card-data}}
  - {name: guests do not, request: {action: export, metric: billing_total, role: guest}, expect: {effect: deny, rule: null}}
  - {name: wrong effect, request: {action: export, metric: billing_total}, expect: {effect: allow}}
  - {name: wrong rule, request: {action: export, metric: billing_card_no}, expect: {effect: deny, rule: billing-export}}
`;

test('the tests of a document compare effect and deciding rule, and show what no test reaches', () => {
  const run = runPolicyTests(loadPolicy(text));
  if (!run.ok) throw new Error(JSON.stringify(run.errors));
  expect(run.results.map(({ name, pass, actual }) => [name, pass, actual.effect, actual.rule])).toEqual([
    ['auditor exports', true, 'allow', 'billing-export'],
    ['no cards', true, 'deny', 'no-card-data'],
    ['guests do not', true, 'deny', null],
    ['wrong effect', false, 'deny', null],
    ['wrong rule', false, 'deny', 'no-card-data'],
  ]);
  expect([run.passed, run.failed]).toEqual([3, 2]);
  expect(run.coverage).toEqual({
    covered: ['billing-export', 'no-card-data'],
    uncovered: ['never-tried'],
    share: 2 / 3,
  });
});
