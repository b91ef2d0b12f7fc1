import { describe, expect, test } from 'vitest';
import { createRandom, truncatedNormal, truncatedNormalMean } from '../src/swim/random.ts';
import { defaultSwim } from '../src/swim/settings.ts';
import { emptyTally, meanResponse } from '../src/swim/tally.ts';
import { WebServer } from '../src/swim/web-server.ts';
import { WebSystem } from '../src/swim/web-system.ts';

/** Poisson arrivals. */
function poisson(rate: number, seconds: number, seed = 1): Float64Array {
  const random = createRandom(seed);
  const arrivals: number[] = [];
  for (let at = 0; at < seconds; arrivals.push(at)) at += -Math.log(1 - random.uniform()) / rate;
  return Float64Array.from(arrivals);
}

const one = { ...defaultSwim, maxServers: 1, initialServers: 1 };

describe('one server', () => {
  const serve = (service: (served: number) => number, threads = 100) => {
    const tally = emptyTally();
    return { server: new WebServer(threads, 10, service, tally), tally };
  };

  test('shares its processor between the jobs inside', () => {
    const { server, tally } = serve((served) => [2, 1][served] ?? 0);
    server.arrive(0);
    server.arrive(1);
    server.advance(2.9);
    expect(tally.optional).toBe(0);
    // Both have one second of work left at 1; half of the processor each brings both to their end at 3.
    server.advance(3);
    expect(tally).toMatchObject({ optional: 2, optionalSeconds: 5, busy: 3, demand: 3 });
  });

  test('lets those beyond its threads wait in line, in order', () => {
    const { server, tally } = serve(() => 1, 1);
    for (let n = 0; n < 3; n += 1) server.arrive(0);
    server.advance(2.5);
    expect(tally).toMatchObject({ optional: 2, optionalSeconds: 3 });
    expect(server.jobs).toBe(1);
  });

  test('passes on who waited ten seconds, unserved', () => {
    const { server, tally } = serve((served) => (served === 0 ? 10.5 : 1), 1);
    for (const at of [0, 0.2, 0.6]) server.arrive(at);
    server.advance(11.5);
    // The second one waited 10.3 s; the third, at 9.9 s, is served.
    expect(tally.unserved).toBe(1);
    expect(tally.optional).toBe(3);
    expect(server.served).toBe(2);
  });

  test('holds more than it has room for at first', () => {
    const { server, tally } = serve(() => 0.001, 1);
    for (let n = 0; n < 5_000; n += 1) server.arrive(0);
    server.advance(20);
    expect(tally.optional).toBe(5_000);
    expect(tally.unserved).toBe(0);
  });
});

describe('the web system', () => {
  test('loses no work: what came in was given or is still owed', () => {
    const system = new WebSystem({ ...one, threads: 1_000_000 }, 3);
    const arrivals = poisson(22, 120);
    let [next, demand, busy] = [0, 0, 0];
    for (let at = 7; at <= 119; at += 7) {
      next = system.run(arrivals, next, at);
      const seen = system.take();
      demand += seen.demand;
      busy += seen.busy;
      expect(busy + system.owed).toBeCloseTo(demand, 6);
    }
  });

  test('is busy whenever a job is inside, and lets every request out once', () => {
    const system = new WebSystem(defaultSwim, 5);
    const arrivals = poisson(60, 100);
    system.run(arrivals, 0, 200);
    const seen = system.take();
    expect(seen.arrivals).toBe(arrivals.length);
    expect(seen.optional + seen.basic).toBe(arrivals.length);
    expect(system.jobs).toBe(0);
    expect(seen.busy).toBeCloseTo(seen.demand, 6);
  });

  test.each([0.5, 0.8])('responds as an M/G/1 processor-sharing queue does at a load of %f', (load) => {
    const demand = truncatedNormalMean(0.03, 0.03);
    const cold = { ...one.optional, coldExtra: 0 };
    const system = new WebSystem({ ...one, initialDimmer: 1, optional: cold, threads: 100_000 }, 11);
    const seconds = 12_000;
    system.run(poisson(load / demand, seconds, 2), 0, seconds);
    const expected = demand / (1 - load);
    expect(Math.abs(meanResponse(system.take()) / expected - 1)).toBeLessThan(0.04);
  });

  test('draws service times with the mean that the truncation gives them', () => {
    const random = createRandom(9);
    let sum = 0;
    for (let n = 0; n < 100_000; n += 1) sum += truncatedNormal(random, 0.03, 0.03);
    expect(sum / 100_000).toBeCloseTo(truncatedNormalMean(0.03, 0.03), 3);
    expect(truncatedNormalMean(0.03, 0.03)).toBeCloseTo(0.03863, 4);
  });

  test('does the same under the same seed, and something else under another', () => {
    const [again, other] = [4, 5].map((seed) => {
      const system = new WebSystem(defaultSwim, seed);
      system.run(poisson(40, 60), 0, 60);
      return system.take();
    });
    const system = new WebSystem(defaultSwim, 4);
    system.run(poisson(40, 60), 0, 60);
    expect(system.take()).toEqual(again);
    expect(other).not.toEqual(again);
  });

  test('looked at often or seldom, it is the same', () => {
    const arrivals = poisson(50, 100);
    const seldom = new WebSystem(defaultSwim, 1);
    seldom.run(arrivals, 0, 100);
    const often = new WebSystem(defaultSwim, 1);
    let next = 0;
    for (let at = 1; at <= 100; at += 1) next = often.run(arrivals, next, at);
    const [a, b] = [seldom.take(), often.take()];
    expect(b.optional).toBe(a.optional);
    expect(b.optionalSeconds).toBeCloseTo(a.optionalSeconds, 6);
  });

  test('boots one server at a time and takes requests on it after the boot delay', () => {
    const system = new WebSystem({ ...defaultSwim, initialServers: 1 }, 1);
    expect(system.addServer()).toBeNull();
    expect(system.addServer()).toBe('a server is booting already');
    system.run(new Float64Array(), 0, 59);
    expect([system.servers, system.activeServers, system.bootRemaining]).toEqual([2, 1, 1]);
    system.run(new Float64Array(), 0, 60);
    expect([system.servers, system.activeServers]).toEqual([2, 2]);
    expect(system.addServer()).toBeNull();
    expect(system.removeServer()).toBeNull();
    expect([system.servers, system.isBooting]).toEqual([2, false]);
  });

  test('a removed server finishes what it has, takes nothing new, and is warm when it comes back', () => {
    const settings = { ...defaultSwim, initialServers: 2, bootDelay: 0 };
    const system = new WebSystem(settings, 1);
    system.run(poisson(20, 600), 0, 600);
    const cold = meanResponse(system.take());
    system.run(Float64Array.from([600, 600, 600, 600]), 0, 600.001);
    const inside = system.jobs;
    expect(system.removeServer()).toBeNull();
    expect(system.removeServer()).toBe('the last server stays');
    system.run(new Float64Array(), 0, 700);
    const left = system.take();
    expect(left.optional + left.basic).toBeGreaterThanOrEqual(inside);
    expect(system.jobs).toBe(0);
    expect(system.addServer()).toBeNull();
    system.run(
      poisson(20, 600, 2).map((at) => at + 700),
      0,
      1_300,
    );
    expect(meanResponse(system.take())).toBeLessThan(cold * 0.8);
  });

  test('with the dimmer at 0 leaves all optional content out', () => {
    const system = new WebSystem(defaultSwim, 1);
    expect(system.setDimmer(1.1)).not.toBeNull();
    expect(system.setDimmer(Number.NaN)).not.toBeNull();
    expect(system.setDimmer(0)).toBeNull();
    system.run(poisson(30, 30), 0, 60);
    expect(system.take()).toMatchObject({ optional: 0 });
  });
});
