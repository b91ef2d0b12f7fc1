import type { CompiledRule } from '../compile/compiled-rule.ts';
import { type Glob, globMatches, isExact } from '../compile/glob.ts';
import { cubesMeet } from './cube.ts';
import type { Region } from './region.ts';

/** Names sorted, so that those with a common head lie together. */
interface NameTable {
  readonly exact: Map<string, Region[]>;
  readonly heads: Map<string, Region[]>;
  /** Lengths of the heads. */
  readonly lengths: Set<number>;
  sorted: readonly (readonly [string, readonly Region[]])[] | null;
}
interface ActionTable {
  readonly metrics: NameTable;
  readonly targets: NameTable;
  readonly unnamed: Region[];
}

/** Finds the regions that may overlap one of a rule, without looking at all of them. */
export type OverlapIndex = (rule: CompiledRule) => readonly Region[];

export function overlapIndexOf(regions: readonly Region[]): OverlapIndex {
  const exact = new Map<string, ActionTable>();
  const patterned = createTable();
  for (const region of regions) {
    const { actions } = region.rule.matcher;
    if (actions === null || actions.some((glob) => !isExact(glob))) add(patterned, region);
    for (const glob of actions ?? []) {
      if (!isExact(glob)) continue;
      const table = exact.get(glob.pattern) ?? createTable();
      exact.set(glob.pattern, table);
      add(table, region);
    }
  }
  const tablesFor = ({ matcher: { actions } }: CompiledRule): readonly ActionTable[] => {
    if (actions === null) return [...exact.values(), patterned];
    const [only] = actions;
    if (only !== undefined && actions.length === 1 && isExact(only)) {
      const table = exact.get(only.pattern);
      return table === undefined ? [patterned] : [table, patterned];
    }
    const named = actions.filter(isExact).flatMap(({ pattern }) => exact.get(pattern) ?? []);
    const globs = actions.filter((glob) => !isExact(glob));
    if (globs.length === 0) return [...named, patterned];
    const matched = [...exact].filter(([name]) => globs.some((glob) => globMatches(glob, name)));
    return [...new Set([...named, ...matched.map(([, table]) => table), patterned])];
  };
  // Marks what was already collected for the rule asked about.
  const marked = new Int32Array(regions.reduce((most, { rule }) => Math.max(most, rule.index + 1), 0));
  let mark = 0;
  return (rule) => {
    const found: Region[] = [];
    mark += 1;
    const take: Take = (some) => {
      for (const region of some) {
        const { index } = region.rule;
        if (marked[index] === mark) continue;
        marked[index] = mark;
        found.push(region);
      }
    };
    for (const table of tablesFor(rule)) {
      take(table.unnamed);
      collect(table.metrics, rule.matcher.metrics, take);
      collect(table.targets, rule.matcher.targets, take);
    }
    return found;
  };
}

/** Whether some request may be in both regions. */
export const regionsMeet = (a: Region, b: Region): boolean =>
  a.cubes.some((cube) => b.cubes.some((other) => cubesMeet(cube, other)));

type Take = (regions: readonly Region[]) => void;

const createNames = (): NameTable => ({ exact: new Map(), heads: new Map(), lengths: new Set(), sorted: null });
const createTable = (): ActionTable => ({ metrics: createNames(), targets: createNames(), unnamed: [] });

function add({ metrics, targets, unnamed }: ActionTable, region: Region): void {
  const { matcher } = region.rule;
  if (matcher.metrics !== null) addNames(metrics, matcher.metrics, region);
  else if (matcher.targets !== null) addNames(targets, matcher.targets, region);
  else unnamed.push(region);
}

function addNames(table: NameTable, globs: readonly Glob[], region: Region): void {
  for (const glob of globs) {
    const head = glob.pieces[0] ?? '';
    const map = isExact(glob) ? table.exact : table.heads;
    if (map === table.heads) table.lengths.add(head.length);
    const bucket = map.get(head);
    if (bucket === undefined) map.set(head, [region]);
    else if (bucket.at(-1) !== region) bucket.push(region);
  }
}

const noRegions: readonly Region[] = [];

function collect(table: NameTable, globs: readonly Glob[] | null, take: Take): void {
  if (globs === null) {
    for (const bucket of table.exact.values()) take(bucket);
    for (const bucket of table.heads.values()) take(bucket);
    return;
  }
  for (const glob of globs) {
    const head = glob.pieces[0] ?? '';
    for (const length of table.lengths) {
      if (length <= head.length) take(table.heads.get(head.slice(0, length)) ?? noRegions);
    }
    if (isExact(glob)) take(table.exact.get(head) ?? noRegions);
    else takeBehind(table, head, take);
  }
}

/** Takes the regions whose name or head begins with this text. */
function takeBehind(table: NameTable, head: string, take: Take): void {
  table.sorted ??= [...table.exact, ...table.heads].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const { sorted } = table;
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.[0] ?? '') < head) low = middle + 1;
    else high = middle;
  }
  for (let at = low; at < sorted.length; at += 1) {
    const entry = sorted[at];
    if (!entry?.[0].startsWith(head)) return;
    take(entry[1]);
  }
}
