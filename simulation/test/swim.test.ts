import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runExperiment } from '../src/swim/experiment.ts';
import { type PolicyName, policies } from '../src/swim/policies/policies.ts';
import type { Seen } from '../src/swim/policies/policy.ts';
import { runPolicy } from '../src/swim/run-policy.ts';
import { defaultSwim } from '../src/swim/settings.ts';
import { run } from '../src/swim/swim.ts';
import { startSwimServer } from '../src/swim/swim-server.ts';
import { parseTrace, syntheticTrace, traceFor } from '../src/swim/trace.ts';
import { utilityOf } from '../src/swim/utility.ts';

const late = 0.8;
const fine = 0.1;

describe('the utility of a period', () => {
  const score = (
    name: 'current' | 'older',
    arrivalRate: number,
    meanDimmer: number,
    meanServers: number,
    response: number,
  ) => utilityOf(name, { arrivalRate, meanDimmer, meanServers, response }, defaultSwim);

  test.each([
    // 1.5 · 20 + 10 · (3 − 2)
    [20, 1, 2, fine, 40],
    // dimmed: 20 · 0.5 + 1.5 · 20 · 0.5, and nothing for the spare server
    [20, 0.5, 2, fine, 25],
    // late: 1.5 · (20 − 3 · 22.458) and never above 0
    [20, 1, 2, late, 1.5 * (20 - 3 / 0.04452713)],
    [80, 1, 3, late, 0],
    // exactly on the threshold is on time
    [20, 1, 3, 0.75, 30],
  ])('now: %f requests/s, dimmer %f, %f servers, %f s is %f', (a, d, s, rt, expected) => {
    expect(score('current', a, d, s, rt)).toBeCloseTo(expected, 9);
  });

  test.each([
    [20.3, 1, 1, fine, 30],
    [21, 0.5, 3, fine, 26],
    [20, 1, 2, late, 1.5 * 20 - (1.5 * 3) / 0.04452713],
    [80, 1, 3, late, 0],
  ])('in the older form: %f requests/s, dimmer %f, %f servers, %f s is %f', (a, d, s, rt, expected) => {
    expect(score('older', a, d, s, rt)).toBeCloseTo(expected, 9);
  });
});

describe('a trace', () => {
  test('is inter-arrival seconds, one a line', () => {
    expect([...parseTrace('0.5\n0.25\r\n\n 1e-1\n', 'x')]).toEqual([0.5, 0.75, 0.85]);
  });

  test.each([
    ['0.5\nabc\n0.1', 't.txt:2: "abc" is not a number'],
    ['0.5\n-1', 't.txt:2: "-1" is not'],
    ['0.5,0.7\n1', 't.txt:1: "0.5,0.7" is not'],
    ['1\nInfinity', 't.txt:2'],
    ['\n\n', 't.txt: there are no inter-arrival times'],
  ])('%j is refused with the line that is wrong', (text, message) => {
    expect(() => parseTrace(text, 't.txt')).toThrow(message);
  });

  test('that is made up has the rate it was asked for, keeps below the peak, and is decided by its seed', () => {
    const shape = { seconds: 6_300, meanRate: 22, maxRate: 70 };
    const trace = syntheticTrace(3, shape);
    expect(trace).toEqual(syntheticTrace(3, shape));
    expect(trace).not.toEqual(syntheticTrace(4, shape));
    expect(trace.length / 6_300).toBeGreaterThan(20.5);
    expect(trace.length / 6_300).toBeLessThan(23.5);
    const perMinute = new Float64Array(106);
    for (const at of trace) perMinute[Math.floor(at / 60)] = (perMinute[Math.floor(at / 60)] ?? 0) + 1;
    expect(Math.max(...perMinute) / 60).toBeLessThan(74);
  });
});

describe('the threshold rules', () => {
  const seen = (change: Partial<Seen>): Seen => ({
    time: 600,
    rate: 20,
    samples: [20, 20, 20, 20],
    departures: 20,
    response: fine,
    utilization: [0.4, 0.4],
    activeServers: 2,
    servers: 2,
    bootRemaining: null,
    dimmer: 1,
    ...change,
  });
  const decide = (name: PolicyName, change: Partial<Seen>) =>
    policies[name]({ settings: defaultSwim, utility: 'current', arrivals: new Float64Array() })(seen(change));

  test.each<[PolicyName, Partial<Seen>, string, number]>([
    ['Reactive', { response: late }, 'add', 1],
    ['Reactive', { response: late, servers: 3, bootRemaining: 30 }, 'none', 0.75],
    ['Reactive', { response: late, servers: 3, activeServers: 3, dimmer: 0.1 }, 'none', 0],
    ['Reactive', { utilization: [0.6, 0.6] }, 'none', 1],
    ['Reactive2', { utilization: [0.6, 0.6] }, 'remove', 1],
    ['Reactive', { dimmer: 0.9 }, 'none', 1],
    ['Reactive', {}, 'remove', 1],
    ['Reactive', { servers: 3, bootRemaining: 30 }, 'none', 1],
    ['Reactive2', { servers: 1, activeServers: 1, utilization: [0.5] }, 'none', 1],
    ['do nothing', { response: late }, 'none', 1],
  ])('%s on %j: %s, dimmer %f', (name, change, expected, dimmer) => {
    expect(decide(name, change)).toEqual({ change: expected, dimmer });
  });
});

describe('an experiment', () => {
  test('puts every policy on the same traces; planning with the model beats the rules and the simple planner', () => {
    const { results } = runExperiment({ settings: defaultSwim, utility: 'current', seeds: 16 });
    const of = (name: PolicyName) => {
      const found = results.find(({ policy }) => policy === name);
      if (!found) throw new Error(name);
      return found;
    };
    const charter = of('Charter planner');
    expect(charter.toOracle).toBeGreaterThan(0.96);
    expect(charter.belowNothing).toBe(0);
    expect(charter.utility).toBeGreaterThan(of('queueing planner').utility);
    expect(charter.utility).toBeGreaterThan(of('Reactive').utility);
    expect(of('Reactive').utility).toBeGreaterThan(of('do nothing').utility);
    expect(of('do nothing').utility).toBeGreaterThan(of('Reactive2').utility);
    expect(of('do nothing')).toMatchObject({ actions: 0, belowNothing: 0 });
  });

  test('is decided by its seed', () => {
    const context = { settings: defaultSwim, utility: 'older', arrivals: traceFor(2, defaultSwim) } as const;
    expect(runPolicy(policies['Charter planner'], context, 2)).toEqual(
      runPolicy(policies['Charter planner'], context, 2),
    );
  });

  test('scores the ninety periods after the warm-up', () => {
    const context = { settings: defaultSwim, utility: 'current', arrivals: traceFor(1, defaultSwim) } as const;
    expect(runPolicy(policies['do nothing'], context, 1).periods).toBe(90);
  });
});

describe('npm run simulate -- swim', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'charter-swim-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function said(...args: string[]): Promise<{ code: number; text: string }> {
    const lines: string[] = [];
    const code = await run(args, (line) => lines.push(line));
    return { code, text: lines.join('\n') };
  }

  test('runs a trace from a file and writes what it found', async () => {
    const trace = join(folder, 'even.delta');
    await writeFile(trace, `${'0.05\n'.repeat(126_000)}`);
    const json = join(folder, 'out.json');
    const { code, text } = await said('--trace', trace, '--seeds', '1', '--utility', 'current', '--json', json);
    expect(code).toBe(0);
    expect(text).toContain('even.delta');
    expect(text).toMatch(/Charter planner +\d+ ± 0/);
    const written = JSON.parse(await readFile(json, 'utf8'));
    expect(written.current.results).toHaveLength(6);
    // 20 requests/s fit on one warm server: 1.5 · 20 + 10 · 2 a period at the best.
    expect(written.current.results[4].utility).toBeLessThan(90 * 50 + 1);
    expect(written.current.results[4].utility).toBeGreaterThan(90 * 45);
  });

  test.each([
    [['--trace', '/does/not/exist'], '/does/not/exist cannot be read (ENOENT)'],
    [['--seeds', '0'], '--seeds 0 is not a whole number'],
    [['--servers', 'many'], '--servers many is not'],
    [['--utility', 'best'], '--utility best is not one of current, older'],
    [['--sedes', '3'], '--sedes'],
  ])('says what is wrong with %j', async (args, message) => {
    const { code, text } = await said(...args);
    expect(code).toBe(2);
    expect(text).toContain(message);
  });
});

describe('the line protocol', () => {
  test('tells and changes the system, one line for each line', async () => {
    const arrivals = Float64Array.from({ length: 100_000 }, (_, n) => n / 25);
    const server = await startSwimServer({
      settings: defaultSwim,
      arrivals,
      seed: 1,
      speed: 2_000,
      host: '127.0.0.1',
      port: 0,
    });
    const socket = connect(server.port, '127.0.0.1');
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    const ask = async (command: string): Promise<string> => {
      socket.write(`${command}\n`);
      return String((await lines.next()).value);
    };
    expect(await ask('get_servers')).toBe('3');
    expect(await ask('get_max_servers')).toBe('3');
    expect(await ask('get_dimmer')).toBe('0.9');
    expect(await ask('add_server')).toBe('error: all servers are in use');
    expect(await ask('remove_server')).toBe('OK');
    expect(await ask('get_active_servers')).toBe('2');
    expect(await ask('set_dimmer 0.25')).toBe('OK');
    expect(await ask('get_dimmer')).toBe('0.25');
    expect(await ask('set_dimmer')).toBe('error: missing dimmer argument');
    expect(await ask('set_dimmer two')).toContain('error:');
    expect(await ask('reboot now')).toBe('error: unknown command');
    expect(await ask('get_utilization')).toBe('error: missing server argument');
    expect(await ask('get_utilization server3')).toContain('does not exist');
    await expect.poll(async () => Number(await ask('get_arrival_rate'))).toBeCloseTo(25, 0);
    await expect.poll(async () => Number(await ask('get_utilization server1'))).toBeGreaterThan(0);
    for (const value of ['get_basic_rt', 'get_basic_throughput', 'get_opt_rt', 'get_opt_throughput'])
      expect(Number(await ask(value))).toBeGreaterThan(0);
    socket.destroy();
    await server.close();
  });
});
