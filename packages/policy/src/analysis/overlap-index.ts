import type { CompiledRule } from '../compile/compiled-rule.ts';
import { type Glob, globMatches, isExact } from '../compile/glob.ts';
import { cubesMeet } from './cube.ts';
import type { Region } from './region.ts';

/** Names sorted, so that those with a common head lie together. */
interface NameTable {
  readonly exact: Map<string, Region[]>;
  readonly heads: Map<string, Region[]>;
  sorted: readonly (readonly [string, readonly Region[]])[] | null;
}
interface ActionTable {
  readonly metrics: NameTable;
  readonly targets: NameTable;
  readonly unnamed: Region[];
}

/** Finds the regions that may overlap a given one without looking at all of them. */
export interface OverlapIndex {
  readonly candidates: (rule: CompiledRule) => ReadonlySet<Region>;
  readonly overlaps: (region: Region) => readonly Region[];
}

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
    const named = actions.filter(isExact).flatMap(({ pattern }) => exact.get(pattern) ?? []);
    const globs = actions.filter((glob) => !isExact(glob));
    if (globs.length === 0) return [...named, patterned];
    const matched = [...exact].filter(([name]) => globs.some((glob) => globMatches(glob, name)));
    return [...new Set([...named, ...matched.map(([, table]) => table), patterned])];
  };
  const candidates = (rule: CompiledRule): ReadonlySet<Region> => {
    const found = new Set<Region>();
    for (const table of tablesFor(rule)) {
      for (const region of table.unnamed) found.add(region);
      collect(table.metrics, rule.matcher.metrics, found);
      collect(table.targets, rule.matcher.targets, found);
    }
    return found;
  };
  const overlaps = (region: Region): readonly Region[] =>
    [...candidates(region.rule)].filter(
      (other) =>
        other.rule !== region.rule && other.cubes.some((cube) => region.cubes.some((own) => cubesMeet(own, cube))),
    );
  return { candidates, overlaps };
}

const createNames = (): NameTable => ({ exact: new Map(), heads: new Map(), sorted: null });
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
    const bucket = map.get(head);
    if (bucket === undefined) map.set(head, [region]);
    else if (bucket.at(-1) !== region) bucket.push(region);
  }
}

function collect(table: NameTable, globs: readonly Glob[] | null, found: Set<Region>): void {
  const take = (regions: readonly Region[] | undefined): void => {
    for (const region of regions ?? []) found.add(region);
  };
  if (globs === null) {
    for (const bucket of table.exact.values()) take(bucket);
    for (const bucket of table.heads.values()) take(bucket);
    return;
  }
  for (const glob of globs) {
    const head = glob.pieces[0] ?? '';
    for (let length = 0; length <= head.length; length += 1) take(table.heads.get(head.slice(0, length)));
    if (isExact(glob)) take(table.exact.get(head));
    else for (const regions of behind(table, head)) take(regions);
  }
}

/** Regions whose name or head begins with this text. */
function* behind(table: NameTable, head: string): Generator<readonly Region[]> {
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
    yield entry[1];
  }
}
