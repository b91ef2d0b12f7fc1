import type { Arrivals } from './trace.ts';
import type { Stretch, WebSystem } from './web-system.ts';

/** What the line protocol tells: all of it over the last period. */
export interface View {
  readonly arrivalRate: number;
  readonly optionalResponse: number;
  readonly optionalRate: number;
  readonly basicResponse: number;
  readonly basicRate: number;
  readonly utilization: readonly number[];
}

const sliceSeconds = 1;

/** Moves a system along and keeps what was seen in a sliding period, second by second. */
export function createLiveView(system: WebSystem, arrivals: Arrivals) {
  const { period } = system.settings;
  const slices: Stretch[] = [];
  let next = 0;

  return {
    /** Moves on to `to`, in seconds of the system's own time. */
    advance(to: number): void {
      for (;;) {
        const end = (Math.floor(system.now / sliceSeconds + 1e-9) + 1) * sliceSeconds;
        if (end > to) break;
        next = system.run(arrivals, next, end);
        slices.push(system.take());
        if (slices.length > period / sliceSeconds) slices.shift();
      }
      if (to > system.now) next = system.run(arrivals, next, to);
    },

    view(): View {
      const seconds = Math.max(1e-9, slices.length * sliceSeconds);
      const sum = (of: (slice: Stretch) => number): number => slices.reduce((total, slice) => total + of(slice), 0);
      const optional = sum((slice) => slice.optional);
      const basic = sum((slice) => slice.basic);
      return {
        arrivalRate: sum((slice) => slice.arrivals) / seconds,
        optionalResponse: optional === 0 ? 0 : sum((slice) => slice.optionalSeconds) / optional,
        optionalRate: optional / seconds,
        basicResponse: basic === 0 ? 0 : sum((slice) => slice.basicSeconds) / basic,
        basicRate: basic / seconds,
        utilization: Array.from(
          { length: system.activeServers },
          (_, n) => (sum((slice) => slice.utilization[n] ?? 0) * sliceSeconds) / seconds,
        ),
      };
    },
  };
}
export type LiveView = ReturnType<typeof createLiveView>;
