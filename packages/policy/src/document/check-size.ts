import type { PolicyLimits } from '../limits.ts';
import type { DocumentError } from './policy.ts';
import { errorAt, type Path, type SourceDocument } from './source.ts';

type Problem = readonly [path: Path, detail: string];

/**
 * Measures plain data before anything else looks at it: nesting, the number of values, and the width of lists and
 * maps. `rules` and `tests` at the top have limits of their own. Null when all is within bounds.
 */
export function checkSize({ value, lineOf }: SourceDocument, limits: PolicyLimits): DocumentError | null {
  const budget = { nodes: limits.documentNodes };
  const problem = problemIn(value, 0, Math.max(limits.rulesPerPolicy, limits.testsPerPolicy), budget, limits);
  return problem && errorAt(problem[0], problem[1], lineOf);
}

/** Walks without building paths; only a problem on its way back up collects the keys it passes. */
function problemIn(
  node: unknown,
  depth: number,
  longest: number,
  budget: { nodes: number },
  limits: PolicyLimits,
): Problem | null {
  budget.nodes -= 1;
  if (budget.nodes < 0) return [[], 'The document holds too many values'];
  if (typeof node !== 'object' || node === null) return null;
  if (depth >= limits.documentDepth) return [[], `A document nests at most ${String(limits.documentDepth)} deep`];
  if (Array.isArray(node)) {
    const most = longest > 0 ? longest : limits.itemsPerList;
    if (node.length > most) return [[], `A list holds at most ${String(most)} items here`];
    for (let at = 0; at < node.length; at += 1) {
      const problem = problemIn(node[at], depth + 1, 0, budget, limits);
      if (problem !== null) return [[at, ...problem[0]], problem[1]];
    }
    return null;
  }
  const keys = Object.keys(node);
  if (keys.length > limits.keysPerMap) return [[], `A map holds at most ${String(limits.keysPerMap)} keys`];
  for (const key of keys) {
    const isLong = depth === 0 && (key === 'rules' || key === 'tests');
    const problem = problemIn(Reflect.get(node, key), depth + 1, isLong ? longest : 0, budget, limits);
    if (problem !== null) return [[key, ...problem[0]], problem[1]];
  }
  return null;
}
