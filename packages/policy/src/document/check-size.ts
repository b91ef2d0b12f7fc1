import type { PolicyLimits } from '../limits.ts';
import type { DocumentError } from './policy.ts';
import { errorAt, type Path, type SourceDocument } from './source.ts';

/**
 * Measures plain data before anything else looks at it: nesting, the number of values, and the width of lists and
 * maps. `rules` and `tests` at the top have limits of their own. Null when all is within bounds.
 */
export function checkSize({ value, lineOf }: SourceDocument, limits: PolicyLimits): DocumentError | null {
  let nodes = 0;
  const visit = (node: unknown, path: Path): DocumentError | null => {
    nodes += 1;
    if (nodes > limits.documentNodes) return errorAt([], 'The document holds too many values', lineOf);
    if (typeof node !== 'object' || node === null) return null;
    if (path.length >= limits.documentDepth) {
      return errorAt(path, `A document nests at most ${String(limits.documentDepth)} deep`, lineOf);
    }
    if (Array.isArray(node)) {
      const isLong = path.length === 1 && (path[0] === 'rules' || path[0] === 'tests');
      const most = isLong ? Math.max(limits.rulesPerPolicy, limits.testsPerPolicy) : limits.itemsPerList;
      if (node.length > most) return errorAt(path, `A list holds at most ${String(most)} items here`, lineOf);
    } else if (Object.keys(node).length > limits.keysPerMap) {
      return errorAt(path, `A map holds at most ${String(limits.keysPerMap)} keys`, lineOf);
    }
    const isList = Array.isArray(node);
    for (const [key, child] of Object.entries(node)) {
      const isLeaf = typeof child !== 'object' || child === null;
      if (isLeaf) {
        nodes += 1;
        continue;
      }
      const error = visit(child, [...path, isList ? Number(key) : key]);
      if (error !== null) return error;
    }
    return null;
  };
  return visit(value, []);
}
