import { Strategy } from '@charter/shared/contracts';
import { expect, test } from 'vitest';
import { ladderFrom } from '../src/domain/ladder-from.ts';
import { passagePriors } from '../src/domain/passage-priors.ts';
import { passageOfStrategy, passagesOfPage } from '../src/domain/passages-from.ts';
import { citedIn, redacted, summaryRequest } from '../src/domain/summary-request.ts';

const climb = (incident: number, ...tries: Array<[string, 'success' | 'ineffective' | 'unknown']>) =>
  tries.map(([strategy, type], index) => ({ incidentId: String(incident), strategy, type, at: index * 1_000 }));

test('a ladder counts what helped after which failures, whatever the order the outcomes come in', () => {
  const outcomes = [
    ...climb(1, ['restart', 'ineffective'], ['scale', 'success']),
    ...climb(2, ['restart', 'ineffective'], ['scale', 'ineffective'], ['rebalance', 'success']),
    ...climb(3, ['restart', 'success']),
    ...climb(4, ['restart', 'unknown'], ['scale', 'success']),
  ];
  const expected = [
    { failed: [], strategy: 'restart', trials: 3, successes: 1 },
    { failed: ['restart'], strategy: 'scale', trials: 2, successes: 1 },
    { failed: ['restart', 'scale'], strategy: 'rebalance', trials: 1, successes: 1 },
  ];
  expect(ladderFrom(outcomes)).toEqual(expected);
  expect(ladderFrom(outcomes.toReversed())).toEqual(expected);
});

test('a page is found by its headings and its title', () => {
  const passages = passagesOfPage('Memory.md', '# Memory\n\nIt leaks.\n\n## What to do\n* Restart it.\n\n## Empty\n');
  expect(passages.map(({ title, body }) => [title, body])).toEqual([
    ['Memory', 'It leaks.'],
    ['Memory: What to do', '* Restart it.'],
  ]);
});

test('expectations are shifted a little, with the reason, by what is written and what helped alike', () => {
  const passage = {
    id: 'strategy/restart',
    source: 'strategy restart',
    title: 'restart memory_ratio',
    body: '',
    strategy: 'restart',
  };
  const like = [
    { strategy: 'scale', type: 'ineffective' as const, executed: true },
    { strategy: 'scale', type: 'ineffective' as const, executed: true },
    { strategy: 'restart', type: 'success' as const, executed: true },
    { strategy: 'restart', type: 'success' as const, executed: true },
    { strategy: 'rebalance', type: 'success' as const, executed: true },
  ];
  expect(passagePriors([passage], like)).toEqual([
    {
      strategy: 'restart',
      shift: 0.1,
      reason: 'strategy restart is written for it and it helped in 2 of 2 like incidents',
    },
    { strategy: 'scale', shift: -0.05, reason: 'it helped in 0 of 2 like incidents' },
  ]);
});

test('a strategy is described by what it is for and what it does', () => {
  const strategy = Strategy.parse({
    apiVersion: 'charter/v1',
    kind: 'Strategy',
    metadata: { name: 'restart-leaking', description: 'a leak ends with the process that leaks' },
    match: { metrics: ['memory_ratio'] },
    actions: [{ action: 'RESTART_SERVICE' }],
    expected: { success: 0.9 },
  });
  const passage = passageOfStrategy(strategy);
  expect(passage).toMatchObject({ title: 'restart-leaking memory_ratio', strategy: 'restart-leaking' });
  expect(passage.body).toMatch(/a leak ends.*Against memory_ratio.*RESTART_SERVICE.*90 %/);
});

test('a summary is asked for from numbered passages alone, and only real numbers count as cited', () => {
  const { messages } = summaryRequest('m', 'memory_ratio cache', [
    { source: 's', title: 'Memory', text: 'Restart it.' },
  ]);
  expect(messages[1]?.content).toContain('[1] Memory\nRestart it.');
  expect(citedIn('Restart it [1]. Or not [7][1].', 2)).toEqual([1]);
  expect(redacted('user_location_x and user_location', ['user_location', 'user_location_x'])).toBe(
    '[redacted] and [redacted]',
  );
});
