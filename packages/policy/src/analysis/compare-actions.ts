import type { CompiledRule } from '../compile/compiled-rule.ts';
import { type Glob, isExact } from '../compile/glob.ts';
import type { PolicySnapshot } from '../compile/snapshot.ts';
import type { PolicyRequest } from '../decide/request.ts';
import { type Cube, cubeInBoth } from './cube.ts';
import { namesOf } from './name-set.ts';
import { type OverlapIndex, overlapIndexOf, regionsMeet } from './overlap-index.ts';
import { type Side, searchMorePermitted } from './permission-search.ts';
import { type Region, regionsOf } from './region.ts';
import type { RuleChanges } from './rule-changes.ts';
import { createBudget } from './search-requests.ts';
import { textIn, textOutside, type Values } from './value-set.ts';

/** How a new version stands to the old one. `unknown` where it rests on a condition that cannot be decided. */
export type Permissiveness = 'equivalent' | 'more' | 'less' | 'incomparable' | 'unknown';

/** The comparison for one action and one class of targets; null stands for every other one, or none. */
export interface ActionComparison {
  readonly action: string | null;
  readonly targetClass: string | null;
  readonly verdict: Permissiveness;
  /** A request that the new version permits more freely, and one that it permits less freely. */
  readonly witness: { readonly more: PolicyRequest | null; readonly less: PolicyRequest | null };
}

export function permissivenessOf(isMore: boolean, isLess: boolean, isUnsure: boolean): Permissiveness {
  if (isMore && isLess) return 'incomparable';
  if (isUnsure) return 'unknown';
  return isMore ? 'more' : isLess ? 'less' : 'equivalent';
}

interface Version {
  readonly snapshot: PolicySnapshot;
  readonly regions: ReadonlyMap<CompiledRule, Region>;
  readonly index: OverlapIndex;
}

function versionOf(snapshot: PolicySnapshot): Version {
  const regions = regionsOf(snapshot).filter(({ rule }) => rule.ref.rollout === 'enforce');
  return { snapshot, regions: new Map(regions.map((region) => [region.rule, region])), index: overlapIndexOf(regions) };
}

interface Tally {
  readonly action: string | null;
  readonly targetClass: string | null;
  more: PolicyRequest | null;
  less: PolicyRequest | null;
  isMoreUnsure: boolean;
  isLessUnsure: boolean;
}

/** Decisions differ only where a rule that was added, removed or changed matches; so only there they are compared. */
export function compareActions(
  old: PolicySnapshot,
  now: PolicySnapshot,
  differing: RuleChanges['differing'],
): ActionComparison[] {
  const [before, after] = [versionOf(old), versionOf(now)];
  const changedRules = [
    ...differing.before.flatMap((rule) => before.regions.get(rule) ?? []),
    ...differing.after.flatMap((rule) => after.regions.get(rule) ?? []),
  ];
  const named = exactNames([...old.rules, ...now.rules].map(({ matcher }) => matcher.actions));
  const hasClasses = [...old.rules, ...now.rules].some(({ matcher }) => matcher.classes !== null);
  const budget = createBudget();
  const tallies = new Map<string, Tally>();
  const isSettled = (action: string): boolean => {
    const tally = tallies.get(JSON.stringify([action, null]));
    return tally !== undefined && tally.more !== null && tally.less !== null;
  };
  for (const region of changedRules) {
    const { actions } = region.rule.matcher;
    if (!hasClasses && actions?.every((glob) => isExact(glob) && isSettled(glob.pattern)) === true) continue;
    const sides = [before, after].map(
      ({ snapshot, index }): Side => ({
        version: { snapshot },
        regions: index(region.rule).filter((other) => regionsMeet(region, other)),
      }),
    );
    const [oldSide, newSide] = sides;
    if (oldSide === undefined || newSide === undefined) continue;
    const classes = exactNames([...oldSide.regions, ...newSide.regions].map(({ rule }) => rule.matcher.classes)).slice(
      0,
      mostNamed,
    );
    for (const { action, targetClass, cubes } of cellsOf(region, named, classes)) {
      const key = JSON.stringify([action, targetClass]);
      const tally = tallies.get(key) ?? {
        action,
        targetClass,
        more: null,
        less: null,
        isMoreUnsure: false,
        isLessUnsure: false,
      };
      tallies.set(key, tally);
      if (tally.more === null) {
        const found = searchMorePermitted(cubes, newSide, oldSide, budget);
        if (found.kind === 'some') tally.more = found.request;
        tally.isMoreUnsure ||= found.kind === 'unknown';
      }
      if (tally.less === null) {
        const found = searchMorePermitted(cubes, oldSide, newSide, budget);
        if (found.kind === 'some') tally.less = found.request;
        tally.isLessUnsure ||= found.kind === 'unknown';
      }
    }
  }
  return [...tallies.values()].map(({ action, targetClass, more, less, isMoreUnsure, isLessUnsure }) => ({
    action,
    targetClass,
    verdict: permissivenessOf(
      more !== null,
      less !== null,
      (more === null && isMoreUnsure) || (less === null && isLessUnsure),
    ),
    witness: { more, less },
  }));
}

interface Cell {
  readonly action: string | null;
  readonly targetClass: string | null;
  readonly cubes: readonly Cube[];
}

/** Actions and classes that are told apart; beyond, they are compared together. */
const mostNamed = 256;

/** A region by action and target class: one cell for each that is named exactly, and one for the others. */
function* cellsOf({ rule, cubes }: Region, actions: readonly string[], classes: readonly string[]): Generator<Cell> {
  const { actions: globs } = rule.matcher;
  const isNamed = globs?.every(isExact) ?? false;
  const own = isNamed ? (globs ?? []).map(({ pattern }) => pattern) : actions.slice(0, mostNamed);
  for (const action of isNamed ? own : [...own, null]) {
    for (const targetClass of [...classes, null]) {
      const cell = new Map<string, Values>();
      if (action !== null) cell.set('action', textIn(namesOf([action])));
      else if (own.length > 0) cell.set('action', textOutside(namesOf(own)));
      if (targetClass !== null) cell.set('targetClass', textIn(namesOf([targetClass])));
      else if (classes.length > 0) {
        cell.set('targetClass', { ...textOutside(namesOf(classes)), absent: true });
      }
      const inside = cubes.flatMap((cube) => cubeInBoth(cube, cell) ?? []);
      if (inside.length > 0) yield { action, targetClass, cubes: inside };
    }
  }
}

const exactNames = (lists: readonly (readonly Glob[] | null)[]): readonly string[] =>
  [...new Set(lists.flatMap((globs) => (globs ?? []).filter(isExact)).map(({ pattern }) => pattern))].sort();
