import type { Topology, ViolationFact } from '@charter/detection';
import type { RootCause } from '@charter/shared/contracts';

/**
 * How sure the floor is: enough to be weighed, less than what series show. Detection compares with the past; a system that
 * was just started, or one that always leaked, has none.
 */
const floorConfidence = 0.65;

/**
 * The explainable floor below detection: when one component alone breaks its rules, and it calls nothing that could be
 * behind it, it is its own root cause. Null when there is anything else to blame.
 */
export function loneLeafCause(violations: readonly ViolationFact[], topology: Topology | null): RootCause | null {
  const components = new Set(violations.map(({ component }) => component));
  const [component, ...others] = components;
  if (component === undefined || others.length > 0) return null;
  if (topology?.edges.some(({ from }) => from === component)) return null;
  const [first] = [...violations].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  if (!first) return null;
  return {
    component,
    metric: first.metric,
    confidence: floorConfidence,
    evidence: [
      {
        series: `${component}#${first.metric}`,
        changedAt: new Date(first.at * 1_000).toISOString(),
        before: null,
        after: null,
        deviation: null,
        text: `${first.metric} of ${component} breaks its rule, no other component does, and it calls none that could be behind it`,
      },
    ],
  };
}
