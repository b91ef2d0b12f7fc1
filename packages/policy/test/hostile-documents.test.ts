import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePolicies, decide, parsePolicy } from '../src/index.ts';

const runs = process.env.CHARTER_FULL === '1' ? 20_000 : 2_000;
const limitMs = 100;
const production = readFileSync(new URL('../../../deploy/policies/production.yaml', import.meta.url), 'utf8');
const native = `apiVersion: charter/v1
kind: Policy
metadata: {name: p, environment: production}
rules:
  - id: a
    effect: allow
    match: {actions: [export], metrics: ["billing_*"], roles: [analyst]}
    when: labels.env == "prod" && !labels.exists(k, k.matches("^x+$"))
  - {id: b, effect: deny, match: {metrics: ["*card*"]}}
tests:
  - {name: t, request: {action: export, metric: billing_total, role: analyst, labels: {env: prod}}, expect: {effect: allow}}
`;
const asJson = JSON.stringify({
  apiVersion: 'charter/v1',
  kind: 'Policy',
  metadata: { name: 'p' },
  rules: [{ id: 'a', effect: 'allow', match: { actions: ['x'] }, when: 'size(labels) > 0' }],
});

/** Processor time in milliseconds, which a busy machine does not stretch. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Loads whatever it is and, when it is a policy, decides with it. Answers how long that took, in milliseconds. */
function load(source: unknown): number {
  const start = processorMs();
  const parsed = parsePolicy(source);
  if (parsed.ok) {
    const compiled = compilePolicies([parsed.policy]);
    if (compiled.ok)
      decide(compiled.snapshot, { action: 'export', metric: 'billing_card', now: 0, labels: { env: 'prod' } });
  } else {
    expect(parsed.errors.length).toBeGreaterThan(0);
    for (const { pointer, detail } of parsed.errors) expect(typeof pointer + typeof detail).toBe('stringstring');
  }
  return processorMs() - start;
}

/** The best of three, so that a pause of the machine is not taken for a slow document. */
const quickest = (source: unknown): number => {
  const first = load(source);
  return first < limitMs ? first : Math.min(load(source), load(source));
};

const pieces = [
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '-',
  '?',
  '|',
  '>',
  '&a',
  '*a',
  '<<',
  '!!js',
  '!',
  '%YAML 9',
  '---',
  '...',
  '\t',
  '\n',
  '"',
  "'",
  '#',
  '\u0000',
  '\uFEFF',
  '\u2028',
  '😀',
  '__proto__',
  'null',
  '~',
  '1e999',
  '0x',
  '-.inf',
];

/** A real document with parts cut out, repeated, or replaced by what upsets parsers. */
const mutated = (text: string): fc.Arbitrary<string> =>
  fc
    .array(
      fc.record({
        at: fc.nat(text.length),
        cut: fc.nat(30),
        put: fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 8, unit: 'binary' })),
        times: fc.oneof(fc.constant(1), fc.nat(60)),
      }),
      { minLength: 1, maxLength: 6 },
    )
    .map((edits) =>
      edits.reduce(
        (changed, { at, cut, put, times }) => changed.slice(0, at) + put.repeat(times) + changed.slice(at + cut),
        text,
      ),
    );

test('no document makes the loader throw or hang', () => {
  const documents = fc.oneof(
    mutated(native),
    mutated(production),
    mutated(asJson),
    fc.string({ maxLength: 300, unit: 'binary' }),
    fc.array(fc.constantFrom(...pieces, 'a', ' ', 'rules'), { maxLength: 120 }).map((parts) => parts.join('')),
    fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, withMap: true }),
  );
  fc.assert(
    fc.property(documents, (source) => {
      expect(quickest(source)).toBeLessThan(limitMs);
    }),
    { numRuns: runs },
  );
}, 300_000);

const rule = (when: string): string =>
  `apiVersion: charter/v1\nkind: Policy\nmetadata: {name: p}\nrules:\n  - {id: a, effect: allow, match: {actions: [x]}, when: ${JSON.stringify(when)}}\n`;
const rulesInJson = (ruleAt: (at: number) => object): string =>
  JSON.stringify({
    apiVersion: 'charter/v1',
    kind: 'Policy',
    metadata: { name: 'p' },
    rules: Array.from({ length: 3_000 }, (_, at) => ruleAt(at)),
  });
const bombs: readonly (readonly [string, string])[] = [
  ['ten thousand open brackets', '['.repeat(10_000)],
  ['a hundred thousand open braces', '{"a":'.repeat(100_000)],
  ['deep block nesting', Array.from({ length: 400 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ['deep compact sequences', `${'- '.repeat(5_000)}x`],
  ['deep indented sequences', Array.from({ length: 400 }, (_, depth) => `${' '.repeat(depth * 2)}-`).join('\n')],
  ['explicit keys', '? '.repeat(5_000)],
  [
    'aliases that multiply',
    `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'.replaceAll(/./g, (key) => `${key}: &${key} [${`*${String.fromCharCode(key.charCodeAt(0) - 1)},`.repeat(9)}]\n`)}`,
  ],
  ['an alias to itself', 'a: &a [*a]'],
  ['many anchors', 'k: &a x\n'.repeat(10_000)],
  ['many keys', Array.from({ length: 15_000 }, (_, at) => `k${String(at)}: 1`).join('\n')],
  ['one repeated key', 'a: 1\n'.repeat(20_000)],
  ['a long flow list', `a: [${'x,'.repeat(60_000)}]`],
  ['a long quoted text', `a: "${'\\n'.repeat(60_000)}"`],
  ['a long plain text', `a: ${'x '.repeat(60_000)}`],
  ['a long folded text', `a: >\n${' x\n'.repeat(40_000)}`],
  ['many documents', '--- a\n'.repeat(20_000)],
  ['many comments', '# c\n'.repeat(40_000)],
  ['many directives', '%TAG ! tag:x\n'.repeat(10_000)],
  ['blank lines', '\n'.repeat(190_000)],
  ['spaces', ' '.repeat(190_000)],
  ['tabs', '\t'.repeat(190_000)],
  ['too much text', 'a: b\n'.repeat(2_000_000)],
  ['quotes never closed', '"'.repeat(100_001)],
  ['backslashes in JSON', `{"a":"${'\\'.repeat(100_000)}`],
  ['broken rules in JSON', rulesInJson((at) => ({ id: `r${String(at)}`, effect: 'x' }))],
  ['repeated ids in JSON', rulesInJson(() => ({ id: 'a', effect: 'allow', match: { actions: ['x'] } }))],
  ['a tower of parentheses', rule('('.repeat(900))],
  ['a tower of negations', rule(`${'!'.repeat(1_900)}true`)],
  ['a chain of ternaries', rule(`${'true ? true : '.repeat(130)}true`)],
  ['nested comprehensions', rule(`${'labels.all(a, '.repeat(20)}true${')'.repeat(20)}`)],
  ['a pattern that backtracks', rule(`role.matches("(a+)+(b+)+(c+)+$")`)],
  ['a pattern that explodes', rule(`role.matches("((((a{1,99}){1,99}){1,99}){1,99}){1,99}")`)],
  ['a pattern of repeats', rule(`role.matches("${'(a{900}){900}'.repeat(20)}")`)],
];

describe('documents made to hurt', () => {
  test.each(bombs)('%s are refused or loaded in time', (_name, text) => {
    expect(quickest(text)).toBeLessThan(limitMs);
  });

  test('a pattern that backtracks elsewhere is decided in time', () => {
    const parsed = parsePolicy(rule(`role.matches("^(a+)+$") || labels.exists(k, labels[k].matches("(x+x+)+y"))`));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    const compiled = compilePolicies([parsed.policy]);
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
    const { snapshot } = compiled;
    const decideOnce = (): number => {
      const start = processorMs();
      decide(snapshot, { action: 'x', role: `${'a'.repeat(4_000)}!`, labels: { k: 'x'.repeat(4_000) }, now: 0 });
      return processorMs() - start;
    };
    expect(Math.min(decideOnce(), decideOnce(), decideOnce())).toBeLessThan(limitMs);
  });
});
