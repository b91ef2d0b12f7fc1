import type { Outcome } from '@charter/shared/contracts';
import { percent } from './words.ts';

export interface RefitPoint {
  readonly from: number;
  readonly to: number;
}

type Ended = Pick<Outcome, 'rootCause' | 'type' | 'executed'>;

/** Outcomes before confidences are refitted, how far they are moved, and which change is worth telling. */
const settings = { fewest: 50, bound: 0.15, change: 0.05, near: 0.15, prior: 10 } as const;
const grid = Array.from({ length: 11 }, (_, index) => index / 10);

/**
 * What confidences in root causes proved to be worth: acting on the right one helps. Each is moved by how far outcomes of
 * like confidence fell short of it, the nearer the more, as if ten more had been just as said; it never falls where
 * confidence rises. Null with too few outcomes.
 */
export function refitFrom(outcomes: readonly Ended[]): { points: RefitPoint[]; samples: number } | null {
  const samples = outcomes.flatMap(({ rootCause, type, executed }) =>
    rootCause === null || !executed || type === 'unknown'
      ? []
      : [{ said: rootCause.confidence, right: type === 'success' || type === 'partial' ? 1 : 0 }],
  );
  if (samples.length < settings.fewest) return null;
  let least = 0;
  const points = grid.map((from) => {
    let [weight, short] = [settings.prior as number, 0];
    for (const { said, right } of samples) {
      const near = Math.max(0, 1 - Math.abs(said - from) / settings.near);
      weight += near;
      short += near * (right - said);
    }
    const bounded = Math.min(settings.bound, Math.max(-settings.bound, short / weight));
    least = Math.max(least, Math.min(1, Math.max(0, from + bounded)));
    return { from, to: Number(least.toFixed(4)) };
  });
  return { points, samples: samples.length };
}

/** Whether a refit says something else than what was told before; nothing told means that confidences stand as they are. */
export function isNewRefit(points: readonly RefitPoint[], told: readonly RefitPoint[] | null): boolean {
  const before = new Map((told ?? []).map(({ from, to }) => [from, to]));
  return points.some(({ from, to }) => Math.abs(to - (before.get(from) ?? from)) >= settings.change);
}

/** The largest change, in words. */
export function refitText(points: readonly RefitPoint[], samples: number): string {
  const [most] = points.toSorted((a, b) => Math.abs(b.to - b.from) - Math.abs(a.to - a.from));
  if (!most) return 'Confidences in root causes stand as they are.';
  return `By ${String(samples)} verified outcomes a root cause said to be ${percent(most.from)} certain now counts as ${percent(most.to)}.`;
}
