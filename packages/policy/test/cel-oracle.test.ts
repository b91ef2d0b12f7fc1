import { CelScalar, celEnv, isCelError, mapType, parse, plan } from '@bufbuild/cel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DOUBLE, INT, mapOf, STRING } from '../src/cel/cel-type.ts';
import { overflow } from '../src/cel/values.ts';
import { type CelEnvironment, CelFault, type CelVariable, compileCel } from '../src/index.ts';

const runs = process.env.CHARTER_FULL === '1' ? 20_000 : 700;

interface Context {
  readonly role: string;
  readonly hour: number;
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

const environment: CelEnvironment<Context> = {
  variables: new Map<string, CelVariable<Context>>([
    ['role', { type: STRING, read: ({ role }) => role }],
    ['hour', { type: INT, read: ({ hour }) => hour }],
    ['value', { type: DOUBLE, read: ({ value }) => value }],
    ['labels', { type: mapOf(STRING, STRING), read: ({ labels }) => labels }],
  ]),
  functions: new Map(),
};

const oracle = celEnv({
  variables: {
    role: CelScalar.STRING,
    hour: CelScalar.INT,
    value: CelScalar.DOUBLE,
    labels: mapType(CelScalar.STRING, CelScalar.STRING),
  },
});

const { bool } = fc.letrec<Record<'bool' | 'int' | 'double' | 'string' | 'list', string>>((tie) => {
  const join = (left: string, operators: readonly string[], right: string) =>
    fc
      .tuple(tie(left as 'int'), fc.constantFrom(...operators), tie(right as 'int'))
      .map(([a, op, b]) => `(${a} ${op} ${b})`);
  const choose = (kind: 'bool' | 'int' | 'double' | 'string') =>
    fc.tuple(tie('bool'), tie(kind), tie(kind)).map(([test, a, b]) => `(${test} ? ${a} : ${b})`);
  const comparisons = ['==', '!=', '<', '<=', '>', '>='];
  return {
    bool: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('true', 'false', 'has(labels.env)', '("env" in labels)', '(hour > 9)', '(labels.env == "prod")'),
      join('bool', ['&&', '||', '==', '!='], 'bool'),
      join('int', comparisons, 'int'),
      join('double', comparisons, 'double'),
      join('int', ['<', '>='], 'double'),
      join('string', comparisons, 'string'),
      join('string', ['in'], 'list'),
      choose('bool'),
      tie('bool').map((a) => `!(${a})`),
      fc
        .tuple(tie('string'), fc.constantFrom('contains', 'startsWith', 'endsWith'), tie('string'))
        .map(([a, f, b]) => `${a}.${f}(${b})`),
      fc
        .tuple(tie('string'), fc.constantFrom('^a.*', 'é|z', '[a-c]+$', '\\\\d'))
        .map(([a, p]) => `${a}.matches("${p}")`),
      fc
        .tuple(
          tie('list'),
          fc.constantFrom('all', 'exists', 'exists_one'),
          fc.constantFrom('x == role', 'x < "b"', 'labels[x] == "prod"', 'size(x) / (size(x) - 1) > 0'),
        )
        .map(([l, m, p]) => `${l}.${m}(x, ${p})`),
      fc.constantFrom('labels.all(k, k != "env")', 'labels.exists(k, labels[k] == "prod")'),
    ),
    int: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.integer({ min: -300, max: 300 }).map((n) => (n < 0 ? `(${String(n)})` : String(n))),
      fc.constantFrom('hour', 'size(role)', 'size(labels)'),
      join('int', ['+', '-', '*', '/', '%'], 'int'),
      tie('int').map((a) => `(-${a})`),
      tie('double').map((a) => `int(${a})`),
      tie('string').map((a) => `size(${a})`),
      tie('list').map((a) => `${a}.size()`),
      choose('int'),
    ),
    double: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('0.5', '2.0', '-1.25', '1e3', 'value'),
      join('double', ['+', '-', '*', '/'], 'double'),
      tie('int').map((a) => `double(${a})`),
      choose('double'),
    ),
    string: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('""', '"a"', '"prod"', '"é😀"', "'\\u00e9'", 'role', 'labels.env', 'labels["x"]'),
      join('string', ['+'], 'string'),
      tie('int').map((a) => `string(${a})`),
      choose('string'),
      fc.tuple(tie('list'), tie('int')).map(([l, at]) => `${l}[${at}]`),
    ),
    list: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('["a", "prod"]', '["env", role]', '["x"]'),
      fc.tuple(tie('string'), tie('string')).map(([a, b]) => `[${a}, ${b}]`),
      join('list', ['+'], 'list'),
      tie('list').map((l) => `${l}.filter(x, x > "a")`),
      tie('list').map((l) => `${l}.map(x, x + role)`),
    ),
  };
});

const context: fc.Arbitrary<Context> = fc.record({
  role: fc.constantFrom('sre', 'a', 'éa', '😀', ''),
  hour: fc.integer({ min: 0, max: 23 }),
  value: fc.constantFrom(0, 0.5, -3, 1e6, Number.NaN),
  labels: fc.constantFrom<Readonly<Record<string, string>>[]>({}, { env: 'prod' }, { env: 'dev', x: 'a' }),
});

test('a condition means what it means to another CEL implementation', () => {
  let compared = 0;
  fc.assert(
    fc.property(bool, context, (source, facts) => {
      const compiled = compileCel(source, environment);
      if (!compiled.ok) {
        fc.pre(compiled.issue.code !== 'limit');
        throw new Error(`${source}: ${compiled.issue.detail}`);
      }
      const ours = compiled.program.evaluate(facts);
      fc.pre(ours !== overflow);
      const theirs = plan(oracle, parse(source))({ ...facts, hour: BigInt(facts.hour) });
      compared += 1;
      expect(ours instanceof CelFault ? 'error' : ours).toBe(isCelError(theirs) ? 'error' : theirs);
    }),
    { numRuns: runs },
  );
  expect(compared).toBeGreaterThan(runs / 2);
});
