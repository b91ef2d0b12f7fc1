import type { BenchRow } from './bench-row.ts';
import { simulateAutonomy } from './learning-autonomy.ts';
import { row } from './learning-table.ts';

/** What autonomy that is earned is worth beside an oracle, and what it costs. */
export function autonomyRows(policies: number): BenchRow[] {
  const result = simulateAutonomy(policies, 7);
  const share = (part: number, whole: number): number => part / Math.max(1, whole);
  const of = `of ${policies.toLocaleString('en-US')} policies at 10 incidents a month`;
  return [
    row({
      name: `autonomy: null actions promoted ${of}`,
      value: share(result.nullsPromoted, result.nulls),
      unit: 'ratio',
      better: 'lower',
      reference: ['allowed', 0.01],
      target: '< 0.01',
    }),
    row({
      name: `autonomy: exceeded their harm budget in two years with drift ${of}`,
      value: share(result.exceeded, result.policies),
      unit: 'ratio',
      better: 'lower',
      reference: ['allowed', 0.05],
      target: '<= 0.05',
    }),
    row({
      name: `autonomy: share of an oracle's safe policies granted within 90 days ${of}`,
      value: share(result.granted, result.safe),
      unit: 'ratio',
      better: 'higher',
      reference: ['oracle', 1],
      target: '>= 0.8',
    }),
    row({
      name: `autonomy: share of the safe policies' cases acted on without asking in two years ${of}`,
      value: result.safeAlone,
      unit: 'ratio',
      better: 'higher',
      reference: ['oracle', 1],
    }),
    ...Object.entries(result.safeByTier).map(([tier, { safe, granted }]) =>
      row({
        name: `autonomy: the same, blast radius ${tier}`,
        value: share(granted, safe),
        unit: 'ratio',
        better: 'higher',
        reference: ['oracle', 1],
      }),
    ),
    row({
      name: `autonomy: bad outcomes between drift and demotion, at most ${String(result.badBeforeDemotion.most)}`,
      value: result.badBeforeDemotion.mean,
      unit: 'outcomes',
      better: 'lower',
      reference: ['allowed', 3],
      target: '<= 3',
    }),
  ];
}
