import { settleSpecs } from './actuate.ts';
import { type Effects, effectsOn } from './effects.ts';
import { expireFaults } from './fault-lifecycle.ts';
import { addToCurve, LATENCY_BUCKETS, observeCurve } from './latency.ts';
import { nextBinomial, nextNormal, nextPoisson, nextUniform, roundRandomly } from './random.ts';
import { settleReplicas } from './replicas.ts';
import { emptyIntake, type Intake, takeIn } from './requests.ts';
import { emptyResponses, type LivePath, type Responses, respond } from './responses.ts';
import { markWindow } from './signals.ts';
import {
  type Callee,
  COMPONENTS,
  type ComponentName,
  EDGES,
  NETWORK_SECONDS,
  PROVIDER,
  perComponent,
  TOPOLOGY,
  trafficAt,
} from './topology.ts';
import { type Answer, type ComponentState, nowOf, type World } from './world.ts';

const CALLERS_FIRST = COMPONENTS;
const CALLEES_FIRST: readonly ComponentName[] = ['database', 'cache', 'payments', 'orders', 'catalog', 'gateway'];
/** Surge traffic is mostly answered by the component itself; this share calls on as usual. */
const SURGE_CALL_SHARE = 0.1;
/** A cache entry is asked for about every this many seconds: the hit ratio is ttl / (ttl + this). */
const CACHE_REUSE_SECONDS = 10.6;
const PROVIDER_SECONDS = 0.12;
const CRASH_LOOP_SECONDS = 2;

/** Buffers that a running testbed reuses; nothing in them outlives a step. */
export interface Scratch {
  effects: Record<ComponentName, Effects>;
  intakes: Record<ComponentName, Intake>;
  responses: Record<ComponentName, Responses>;
  paths: Record<ComponentName, LivePath[]>;
  calls: number[];
  provider: Answer;
  providerCurve: number[];
}

export function createScratch(world: World): Scratch {
  return {
    effects: perComponent((name) => effectsOn(world, name)),
    intakes: perComponent(emptyIntake),
    responses: perComponent(emptyResponses),
    paths: perComponent((name) => [
      { share: 0, calls: [] },
      ...TOPOLOGY[name].paths.map(({ calls }) => ({ share: 0, calls })),
    ]),
    calls: EDGES.map(() => 0),
    provider: { mean: PROVIDER_SECONDS, variance: 0.0016, errorRatio: 0, throttledRatio: 0, refusedRatio: 0 },
    providerCurve: LATENCY_BUCKETS.map(() => 0),
  };
}

/** Moves the whole system on by one step of the virtual clock. */
export function advanceStep(world: World, scratch: Scratch): void {
  world.steps += 1;
  const now = nowOf(world);
  const dt = world.stepSeconds;
  expireFaults(world);
  for (const name of COMPONENTS) {
    const state = world.components[name];
    const effects = effectsOn(world, name);
    scratch.effects[name] = effects;
    settleSpecs(state, now);
    settleReplicas(state, effects.down, now);
    settleMemory(world, state, effects, dt);
    loopCrashes(world, state, effects, dt);
  }
  settleProvider(scratch);
  const traffic = trafficAt(world.startOfDaySeconds + now, world.dayLengthSeconds);
  passForward(world, scratch, traffic, dt);
  passBack(world, scratch);
  if (world.steps % Math.max(1, Math.round(0.5 / dt)) === 0) {
    for (const name of COMPONENTS) markWindow(world.components[name], now);
  }
}

function settleMemory(world: World, state: ComponentState, effects: Effects, dt: number): void {
  const usual = 0.4 + 0.08 * state.zones.b.load + 0.004 * nextNormal(world.random);
  if (effects.leakPerSecond > 0) state.memoryRatio = Math.min(0.99, state.memoryRatio + effects.leakPerSecond * dt);
  else state.memoryRatio += (usual - state.memoryRatio) * Math.min(1, dt / 2);
}

function loopCrashes(world: World, state: ComponentState, effects: Effects, dt: number): void {
  if (effects.crashErrorRatio === 0) return;
  const loops = nextPoisson(world.random, (state.down * dt) / CRASH_LOOP_SECONDS);
  state.totals.restarts += loops;
  state.totals.logs.fatal += loops;
}

function settleProvider({ provider, providerCurve, effects }: Scratch): void {
  const outage = effects.payments.providerErrorRatio;
  provider.errorRatio = outage;
  provider.mean = PROVIDER_SECONDS * (1 + 3 * outage);
  provider.variance = (provider.mean / 3) ** 2;
  providerCurve.fill(0);
  addToCurve(providerCurve, 1, provider, Number.POSITIVE_INFINITY);
}

/** Requests travel from the gateway on; what a component served in this step calls its callees in this step. */
function passForward(world: World, scratch: Scratch, traffic: number, dt: number): void {
  const { random } = world;
  let surge = 0;
  for (const name of COMPONENTS) surge += scratch.effects[name].extraRequestsPerSecond;
  for (const name of CALLERS_FIRST) {
    const state = world.components[name];
    const effects = scratch.effects[name];
    let arrivals = name === 'gateway' ? nextPoisson(random, (traffic + surge) * dt) : 0;
    for (let index = 0; index < EDGES.length; index += 1) {
      if (EDGES[index]?.destination === name) arrivals += scratch.calls[index] ?? 0;
    }
    takeIn(random, name, state, effects, arrivals, dt, scratch.intakes[name]);
    const paths = scratch.paths[name];
    if (name === 'gateway') settleGatewayPaths(scratch, paths, traffic, traffic + surge);
    else settlePaths(world, name, paths, effects, scratch.intakes[name]);
    mixIntoQueue(state, paths, arrivals);
    callOn(world, scratch, name, paths);
  }
}

/** What is served has the mixture of what waits, not of what has just arrived. */
function mixIntoQueue(state: ComponentState, paths: LivePath[], arrivals: number): void {
  const queue = state.zones.a.queue + state.zones.b.queue;
  const fresh = queue === 0 ? 1 : arrivals / (arrivals + queue);
  paths.forEach((path, index) => {
    const before = state.mix[index] ?? 0;
    path.share = before + (path.share - before) * fresh;
    state.mix[index] = path.share;
  });
}

function settleGatewayPaths(scratch: Scratch, paths: LivePath[], traffic: number, total: number): void {
  const { effects } = scratch;
  const extra = [effects.gateway, effects.catalog, effects.orders, effects.payments];
  paths.forEach((path, index) => {
    const share = index === 0 ? 0 : TOPOLOGY.gateway.paths[index - 1]?.share;
    path.share = (Number(share) * traffic + (extra[index]?.extraRequestsPerSecond ?? 0)) / total;
  });
}

function settlePaths(world: World, name: ComponentName, paths: LivePath[], effects: Effects, intake: Intake): void {
  const offered = intake.arrivals / intake.stepSeconds;
  const surgeShare = offered > 0 ? Math.min(1, effects.extraRequestsPerSecond / offered) : 0;
  const local = TOPOLOGY[name].paths.length === 0 ? 1 : surgeShare * (1 - SURGE_CALL_SHARE);
  const ttl = Number(world.components.cache.running.config.ttlSeconds ?? 0);
  const hit = (ttl / (ttl + CACHE_REUSE_SECONDS)) * (1 - world.components.cache.answer.errorRatio);
  paths.forEach((path, index) => {
    const share = index === 0 ? undefined : TOPOLOGY[name].paths[index - 1]?.share;
    if (share === undefined) path.share = local;
    else path.share = (1 - local) * (share === 'cache-hit' ? hit : share === 'cache-miss' ? 1 - hit : share);
  });
}

function callOn(world: World, scratch: Scratch, name: ComponentName, paths: readonly LivePath[]): void {
  const { random } = world;
  const retries = Number(world.components[name].running.config.retries ?? 0);
  const { served } = scratch.intakes[name];
  for (let index = 0; index < EDGES.length; index += 1) {
    const edge = EDGES[index];
    if (edge?.source !== name) continue;
    let share = 0;
    for (const path of paths) if (path.calls.includes(edge.destination)) share += path.share;
    const first = nextBinomial(random, served, Math.min(1, share));
    const repeats = retries > 0 && edge.destination !== PROVIDER;
    const errorRatio = repeats ? answerFrom(world, scratch, edge.destination).errorRatio : 0;
    const again = repeats ? roundRandomly(random, first * errorRatio) : 0;
    scratch.calls[index] = first + again;
    const state = world.edges[index];
    if (state) state.retries += again;
  }
}

function answerFrom(world: World, scratch: Scratch, callee: Callee): Answer {
  return callee === PROVIDER ? scratch.provider : world.components[callee].answer;
}

/** Latencies and errors travel back from the callees to their callers. */
function passBack(world: World, scratch: Scratch): void {
  const { random } = world;
  const answerOf = (callee: Callee): Answer => answerFrom(world, scratch, callee);
  for (const name of CALLEES_FIRST) {
    const { effects, intakes, paths, responses } = scratch;
    respond(random, world.components[name], effects[name], intakes[name], paths[name], answerOf, responses[name]);
  }
  for (let index = 0; index < EDGES.length; index += 1) {
    const calls = scratch.calls[index] ?? 0;
    const edge = EDGES[index];
    const state = world.edges[index];
    if (calls === 0 || !edge || !state) continue;
    const { destination } = edge;
    const answer = answerOf(destination);
    const curve = destination === PROVIDER ? scratch.providerCurve : scratch.responses[destination].curve;
    const failed = nextBinomial(random, calls, answer.errorRatio + answer.throttledRatio);
    const worked = calls - Math.min(failed, nextBinomial(random, calls, answer.refusedRatio));
    const offset = nextUniform(random);
    state.ok += calls - failed;
    state.failed += failed;
    observeCurve(state.client, curve, worked, answer.mean, offset, NETWORK_SECONDS);
    if (destination !== PROVIDER) observeCurve(state.server, curve, worked, answer.mean, offset);
  }
}
