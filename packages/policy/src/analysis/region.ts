import type { CompiledRule, RuleMatcher } from '../compile/compiled-rule.ts';
import type { PolicySnapshot } from '../compile/snapshot.ts';
import { matchedFormula, opaqueTruth, truthOf } from './condition-formula.ts';
import { type Cube, cubeInBoth, everything } from './cube.ts';
import { cubesFrom } from './formula.ts';
import { nameSetFrom } from './name-set.ts';
import type { Attribute } from './request-variables.ts';
import { anyText, type TextValues, textIn, type Values } from './value-set.ts';

/** Cubes that one condition may take; beyond, it counts as unreadable. */
const mostCubes = 48;

/** A rule and the requests on which it matches. */
export interface Region {
  readonly rule: CompiledRule;
  readonly cubes: readonly Cube[];
}

const attributeOf: Readonly<Record<keyof RuleMatcher, Attribute>> = {
  actions: 'action',
  targets: 'target',
  metrics: 'metric',
  classes: 'targetClass',
  groups: 'group',
  roles: 'role',
  purposes: 'purpose',
  environments: 'environment',
};
const matcherKeys = [
  'actions',
  'metrics',
  'targets',
  'roles',
  'purposes',
  'environments',
  'classes',
  'groups',
] as const;

/** The regions of all rules of a snapshot, in their order; the cubes of a rule are worked out when asked for. */
export function regionsOf({ rules, defaultEnvironment }: PolicySnapshot): readonly Region[] {
  const conditions = new Map<string, readonly Cube[]>();
  const values = new Map<string, TextValues>();
  const cubesOf = (rule: CompiledRule): readonly Cube[] => {
    const selected = selectedCube(rule.matcher, defaultEnvironment !== null, values);
    if (selected === null) return [];
    if (rule.condition === null) return [selected];
    const failureMatches = rule.rank < 2;
    const key = `${String(failureMatches)} ${rule.condition.source}`;
    const cubes = conditions.get(key) ?? conditionCubes(rule.condition, failureMatches);
    conditions.set(key, cubes);
    return cubes.flatMap((cube) => cubeInBoth(selected, cube) ?? []);
  };
  return rules.map((rule) => {
    let known: readonly Cube[] | null = null;
    return {
      rule,
      get cubes() {
        known ??= cubesOf(rule);
        return known;
      },
    };
  });
}

function conditionCubes(
  { ast, source }: NonNullable<CompiledRule['condition']>,
  failureMatches: boolean,
): readonly Cube[] {
  return (
    cubesFrom(matchedFormula(truthOf(ast), failureMatches), mostCubes) ??
    cubesFrom(matchedFormula(opaqueTruth(source), failureMatches), mostCubes) ??
    []
  );
}

/** Null when the selector fits nothing, as when a rule is for another environment than its policy. */
function selectedCube(matcher: RuleMatcher, hasEnvironment: boolean, known: Map<string, TextValues>): Cube | null {
  const cube = new Map<string, Values>(everything);
  for (const key of matcherKeys) {
    const globs = matcher[key];
    if (globs === null) continue;
    if (globs.length === 0) return null;
    // The same patterns share one set, which saves memory and comparisons.
    const text = globs.length === 1 ? (globs[0]?.pattern ?? '') : globs.map(({ pattern }) => pattern).join('\n');
    const values = known.get(text) ?? textIn(nameSetFrom(globs));
    known.set(text, values);
    if (key !== 'actions' || values.all.length > 0) cube.set(attributeOf[key], values);
  }
  // The environment of the snapshot stands in for one that is not named.
  if (hasEnvironment && !cube.has('environment')) cube.set('environment', anyText);
  return cube;
}
