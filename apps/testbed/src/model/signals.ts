import { LATENCY_BUCKETS, quantileOf } from './latency.ts';
import type { ComponentName } from './topology.ts';
import { type Objective, TOPOLOGY } from './topology.ts';
import type { ComponentState, WindowMark } from './world.ts';

const KEPT_MARKS = 21;
/** Health looks back this far. */
export const HEALTH_WINDOW_SECONDS = 4;

/** What a component's objective is judged on, over the last seconds. */
export interface Signals {
  latencyP95Seconds: number;
  errorRatio: number;
  throttledRatio: number;
  utilization: number;
  requestsPerSecond: number;
  memoryRatio: number;
  readyReplicas: number;
  declaredReplicas: number;
}

const HEAD = 7;

/** Notes the counters twice a second, so that windows can be cut out later; the oldest note is written over. */
export function markWindow(state: ComponentState, at: number): void {
  const { marks } = state;
  const oldest = marks.length >= KEPT_MARKS ? marks.shift() : undefined;
  marks.push(noteCounters(state, at, oldest ?? new Array<number>(HEAD + LATENCY_BUCKETS.length).fill(0)));
}

function noteCounters({ totals }: ComponentState, at: number, mark: WindowMark): WindowMark {
  const { codes, latency } = totals;
  mark[0] = at;
  mark[1] = codes['200'];
  mark[2] = codes['429'];
  mark[3] = codes['500'] + codes['502'] + codes['503'] + codes['504'];
  mark[4] = totals.workSeconds;
  mark[5] = totals.capacitySeconds;
  mark[6] = latency.count;
  for (let k = 0; k < latency.buckets.length; k += 1) mark[HEAD + k] = latency.buckets[k] ?? 0;
  return mark;
}

/** Signals over the last `windowSeconds` (10 at most), the same sums that the PromQL of the rules takes. */
export function signalsOf(state: ComponentState, now: number, windowSeconds: number): Signals {
  const to = noteCounters(state, now, []);
  const from = state.marks.find((mark) => (mark[0] ?? 0) >= now - windowSeconds) ?? to;
  const since = to.map((value, index) => value - (from[index] ?? 0));
  const [seconds = 0, ok = 0, throttled = 0, errors = 0, work = 0, capacity = 0, observed = 0] = since;
  const all = ok + throttled + errors;
  return {
    latencyP95Seconds: quantileOf(since.slice(HEAD), observed, 0.95),
    errorRatio: ok + errors > 0 ? errors / (ok + errors) : 0,
    throttledRatio: all > 0 ? throttled / all : 0,
    utilization: capacity > 0 ? work / capacity : 0,
    requestsPerSecond: seconds > 0 ? all / seconds : 0,
    memoryRatio: state.memoryRatio,
    readyReplicas: state.ready,
    declaredReplicas: state.declared.replicas,
  };
}

/** Parts of the objective that are missed; empty means healthy. */
export function missedObjectives(component: ComponentName, signals: Signals): (keyof Objective)[] {
  const { objective } = TOPOLOGY[component];
  const missed: (keyof Objective)[] = [];
  if (signals.latencyP95Seconds > objective.latencyP95Seconds) missed.push('latencyP95Seconds');
  if (signals.errorRatio > objective.errorRatio) missed.push('errorRatio');
  if (signals.throttledRatio > objective.throttledRatio) missed.push('throttledRatio');
  if (signals.utilization > objective.utilization) missed.push('utilization');
  if (signals.memoryRatio > objective.memoryRatio) missed.push('memoryRatio');
  if (signals.readyReplicas < objective.minimumReplicas) missed.push('minimumReplicas');
  if (signals.declaredReplicas > objective.replicaBudget) missed.push('replicaBudget');
  return missed;
}
