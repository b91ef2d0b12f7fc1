import type { Series } from '../src/index.ts';

/** Deterministic noise, roughly standard normal. */
export function noise(seed: number): () => number {
  let state = seed >>> 0 || 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return () =>
    uniform() +
    uniform() +
    uniform() +
    uniform() +
    uniform() +
    uniform() +
    uniform() +
    uniform() +
    uniform() +
    uniform() +
    uniform() +
    uniform() -
    6;
}

/** Times five minutes apart. */
export function times(n: number): number[] {
  return Array.from({ length: n }, (_, i) => 1_700_000_100 + i * 300);
}

export const INCIDENT_AT = 1_700_003_600;

/** One hour of history and five minutes of incident, every ten seconds; `shift` is added from the incident on. */
export function series(
  component: string,
  metric: string,
  level: number,
  shift: number,
  seed: number,
  labels?: Record<string, string>,
): Series {
  const random = noise(seed);
  const timestamps = Array.from({ length: 390 }, (_, i) => INCIDENT_AT - 3600 + i * 10);
  const values = timestamps.map((time) => level * (1 + 0.05 * random()) + (time >= INCIDENT_AT ? shift : 0));
  return { component, metric, timestamps, values, ...(labels ? { labels } : {}) };
}
