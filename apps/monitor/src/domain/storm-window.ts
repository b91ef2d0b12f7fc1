/** How many announcements a sliding window still allows. One per process: replicas each have their own share. */
export interface StormWindow {
  left(now: number): number;
  spend(count: number, now: number): void;
}

export function createStormWindow(limit: number, windowSeconds: number): StormWindow {
  let spent: { at: number; count: number }[] = [];
  return {
    left(now) {
      spent = spent.filter(({ at }) => at > now - windowSeconds * 1_000);
      return limit - spent.reduce((sum, { count }) => sum + count, 0);
    },
    spend(count, now) {
      if (count > 0) spent.push({ at: now, count });
    },
  };
}
