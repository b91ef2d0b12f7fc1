import type { Effects } from './effects.ts';
import { addToCurve, LATENCY_BUCKETS, type Latency, observeCurve, underDeadline } from './latency.ts';
import { nextBinomial, nextUniform, type Random } from './random.ts';
import type { Intake } from './requests.ts';
import { type Callee, NETWORK_SECONDS, PROVIDER } from './topology.ts';
import type { Answer, ComponentState } from './world.ts';

/** Requests fail now and then in any real system. */
const BACKGROUND_ERROR_RATIO = 0.0002;
/** Formula stretch ends here; beyond it the queue, which is simulated, carries the delay. */
const MAXIMUM_STRETCH_LOAD = 0.9;
const REFUSAL_SECONDS = 0.001;

export type AnswerOf = (callee: Callee) => Answer;

/** One way through a component in this step: its share of the requests and whom it calls. */
export interface LivePath {
  share: number;
  calls: readonly Callee[];
}

/** Scratch of one component, reused from step to step. */
export interface Responses {
  curve: number[];
  ok: number;
}

export function emptyResponses(): Responses {
  return { curve: LATENCY_BUCKETS.map(() => 0), ok: 0 };
}

/** A caller that retries sees fewer errors and pays for it in calls. */
export function errorAfterRetries(errorRatio: number, retries: number): number {
  return errorRatio ** (1 + retries);
}

/** A cache that fails is a miss, not an error. */
function isAbsorbed(callee: Callee): boolean {
  return callee === 'cache';
}

/**
 * Latency, errors and codes of the requests a component served in this step. Own time follows the mean sojourn of an
 * M/G/1 processor-sharing queue, `demand / (1 - load)`, plus the simulated wait; callees add theirs; the mixture over
 * paths and zones is cut at the component's timeout.
 */
export function respond(
  random: Random,
  state: ComponentState,
  effects: Effects,
  intake: Intake,
  paths: readonly LivePath[],
  answerOf: AnswerOf,
  responses: Responses,
): void {
  const { running, zones, answer } = state;
  const deadline = Number(running.config.timeoutSeconds ?? 1);
  const retries = Number(running.config.retries ?? 0);
  const skipsDisk = running.config.durability === 'relaxed' || running.overrideUntil !== null;
  const diskSeconds = skipsDisk ? 0 : effects.diskWaitSeconds;
  const { curve } = responses;
  curve.fill(0);
  const sharedShare = intake.served > 0 ? intake.servedShared / intake.served : 0;
  let mean = 0;
  let second = 0;
  let late = 0;
  let failed = 0;
  let throttled = 0;
  const { a, b } = running.weights;
  const alike = effects.steal === 0 && a === b && zones.a.queue + zones.b.queue === 0;
  for (const path of paths) {
    if (path.share === 0) continue;
    const calls = callsOf(path.calls, answerOf, retries);
    failed += path.share * calls.errorRatio;
    throttled += path.share * calls.throttledRatio;
    for (const inShared of alike ? [false] : [false, true]) {
      const share = path.share * (alike ? 1 : inShared ? sharedShare : 1 - sharedShare);
      const zone = inShared ? zones.a : zones.b;
      const speed = inShared ? 1 - effects.steal : 1;
      const own = ownLatency(intake.demandSeconds / speed, zone.load, zone.waitSeconds, diskSeconds);
      const hold = own.mean - zone.waitSeconds + calls.mean;
      zone.holdSeconds += (Math.min(hold, deadline) - zone.holdSeconds) * 0.3 * path.share;
      if (share === 0) continue;
      const whole = { mean: own.mean + calls.mean, variance: own.variance + calls.variance };
      const cut = underDeadline(whole, deadline);
      addToCurve(curve, share, whole, deadline);
      mean += share * cut.mean;
      second += share * (cut.variance + cut.mean * cut.mean);
      late += share * cut.late;
    }
  }
  if (alike) zones.a.holdSeconds = zones.b.holdSeconds;
  answer.mean = Math.max(1e-4, mean);
  answer.variance = Math.max(1e-9, second - mean * mean);
  count(random, state, effects, intake, { failed, throttled, late }, responses);
  const { totals } = state;
  observeCurve(totals.latency, curve, intake.served, answer.mean, nextUniform(random));
}

function ownLatency(demandSeconds: number, load: number, waitSeconds: number, diskSeconds: number): Latency {
  const worked = demandSeconds / (1 - Math.min(load, MAXIMUM_STRETCH_LOAD));
  return {
    mean: worked + waitSeconds + diskSeconds,
    variance: (0.5 * worked) ** 2 + (0.2 * waitSeconds) ** 2 + (0.5 * diskSeconds) ** 2,
  };
}

function callsOf(callees: readonly Callee[], answerOf: AnswerOf, retries: number) {
  let mean = 0;
  let variance = 0;
  let ok = 1;
  let passed = 1;
  for (const callee of callees) {
    const { mean: seconds, variance: spread, errorRatio, throttledRatio, refusedRatio } = answerOf(callee);
    const attempts = 1 + (retries > 0 && callee !== PROVIDER ? errorRatio : 0);
    const worked = 1 - refusedRatio;
    mean += attempts * (worked * seconds + refusedRatio * REFUSAL_SECONDS + NETWORK_SECONDS);
    variance += attempts * worked * spread;
    if (isAbsorbed(callee)) continue;
    ok *= 1 - errorAfterRetries(errorRatio, callee === PROVIDER ? 0 : retries);
    passed *= 1 - throttledRatio;
  }
  return { mean, variance, errorRatio: 1 - ok, throttledRatio: 1 - passed };
}

interface Ratios {
  failed: number;
  throttled: number;
  late: number;
}

/** Draws the codes of the served requests and gives callers the ratios of this step. */
function count(
  random: Random,
  state: ComponentState,
  effects: Effects,
  intake: Intake,
  ratios: Ratios,
  responses: Responses,
): void {
  const { running, totals, answer } = state;
  const { served } = intake;
  const severed = Math.min(served, state.severed);
  state.severed = Math.max(0, state.severed - Math.max(1, served));
  const looped = nextBinomial(random, served - severed, effects.crashErrorRatio);
  let open = served - severed - looped;
  const bypassed = running.bypassUntil !== null;
  const rejected = bypassed ? 0 : nextBinomial(random, open, rejectRatioOf(state));
  open -= rejected;
  const limited = nextBinomial(random, open, ratios.throttled);
  open -= limited;
  const failed = nextBinomial(random, open, ratios.failed);
  open -= failed;
  const late = nextBinomial(random, open, ratios.late);
  open -= late;
  const broken = nextBinomial(random, open, BACKGROUND_ERROR_RATIO);
  open -= broken;
  responses.ok = open;
  const { codes, logs } = totals;
  codes['200'] += open;
  codes['429'] += limited + intake.throttled;
  codes['500'] += rejected + broken;
  codes['502'] += failed;
  codes['503'] += severed + looped + intake.refused;
  codes['504'] += late + intake.expired;
  logs.info += open;
  logs.warn += limited + intake.throttled + late + intake.expired;
  logs.error += rejected + broken + failed + severed + looped + intake.refused;
  totals.validationRejects += rejected;
  if (bypassed) totals.unvalidated += served;
  if (running.overrideUntil !== null) totals.degraded += open;
  totals.abandoned += intake.expired;
  const resolved = served + intake.throttled + intake.refused + intake.expired;
  const workers = Number(running.config.workers ?? 1);
  state.busyRatio = state.ready > 0 ? Math.min(1, occupancyOf(state, intake) / (state.ready * workers)) : 0;
  if (resolved === 0) return;
  answer.throttledRatio = (limited + intake.throttled) / resolved;
  answer.refusedRatio = (intake.refused + intake.throttled + looped) / resolved;
  answer.errorRatio =
    (rejected + broken + failed + severed + looped + intake.refused + late + intake.expired) / resolved;
}

function rejectRatioOf({ running, policyVersions }: ComponentState): number {
  for (const { version, rejectRatio } of policyVersions) if (version === running.policyVersion) return rejectRatio;
  return 0;
}

/** Little's law: requests in work at once. */
function occupancyOf(state: ComponentState, { served, stepSeconds }: Intake): number {
  const hold = Math.max(state.zones.b.holdSeconds, state.answer.mean - state.zones.b.waitSeconds);
  return (served / stepSeconds) * hold;
}
