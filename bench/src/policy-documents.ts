import { comparePolicies, compilePolicies, findConflicts, type Policy, parsePolicy } from '@charter/policy';
import { stringify } from 'yaml';
import type { BenchRow } from './bench-row.ts';
import { createWorkload, documentFrom, type Workload } from './policy-workload.ts';

/** What is done with a whole document of 10,000 rules, in milliseconds, the best of several rounds. */
export function documentRows({ rules }: Workload, cedarMs: number): BenchRow[] {
  const document = documentFrom(rules);
  const json = JSON.stringify(document, null, 2);
  const yaml = stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 });
  const policy = policyFrom(document);
  const other = policyFrom(documentFrom(createWorkload(rules.length - 1, 1).rules));
  const compile = (source: unknown) => () => compilePolicies([policyFrom(source)]);
  const load = (what: string, work: () => unknown): BenchRow =>
    row(what, bestMs(15, work), 'Cedar wasm, preparse', cedarMs, '< 100 ms');
  const parseMs = bestMs(15, () => JSON.parse(json));
  return [
    load('compile 10,000 loaded rules, best of 15', () => compilePolicies([policy])),
    load('load 10,000 rules from parsed documents, best of 15', compile(document)),
    load('load 10,000 rules from JSON text, best of 15', compile(json)),
    load('load 10,000 rules from YAML text, best of 15', compile(yaml)),
    row(
      'find conflicts in 10,000 rules, best of 5',
      bestMs(5, () => findConflicts([policy])),
      'JSON.parse of it',
      parseMs,
      '< 500 ms',
    ),
    row(
      'compare two wholly different 10,000 rules, best of 5',
      bestMs(5, () => comparePolicies([policy], [other])),
      'JSON.parse of one',
      parseMs,
      '< 500 ms',
    ),
  ];
}

export function policyFrom(source: unknown): Policy {
  const parsed = parsePolicy(source);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors.slice(0, 3)));
  return parsed.policy;
}

function bestMs(rounds: number, work: () => unknown): number {
  return Math.min(
    ...Array.from({ length: rounds }, () => {
      const start = performance.now();
      work();
      return performance.now() - start;
    }),
  );
}

const row = (name: string, value: number, reference: string, referenceMs: number, target: string): BenchRow => ({
  name,
  value,
  unit: 'ms',
  better: 'lower',
  reference: { name: reference, value: referenceMs },
  ratio: value / referenceMs,
  target,
});
