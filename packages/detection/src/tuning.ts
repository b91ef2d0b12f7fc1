import type { MetricKind } from './metric-kind.ts';

/**
 * Every number of root-cause ranking, with where it comes from. Fitted means: chosen on the development data for all
 * systems at once and checked by leaving one system out (docs: README of this package).
 */
export interface RootCauseTuning {
  /** Least scale as a share of the whole range, so that a constant series yields a bounded deviation. Fitted. */
  readonly rangeFloor: number;
  /** Least scale of failure shares (0..1), since the healthy value is usually exactly none. Fitted. */
  readonly failureFloor: number;
  /** Deviations beyond this count no more. A component may be 40 or 400 deviations out: both are certain. Fitted. */
  readonly deviationCap: number;
  /** Samples of the newest unbroken stretch before the incident that a change must also differ from. */
  readonly localSamples: number;
  /** A hole longer than this many steps ends the newest unbroken stretch. */
  readonly gapSteps: number;
  /** Steps before the detection that may already hold a part of the problem. One: a sample covers one step. */
  readonly guardSteps: number;
  /** Samples of the window, when it has as many, that must agree on a change: one alone is an outlier. */
  readonly agreeingSamples: number;
  /** How much a scale from few samples is widened: by this number over the number of samples. Fitted. */
  readonly fewSamples: number;
  /** The scale is at least the one-percent excursions of normal times over this number. Fitted. */
  readonly excursions: number;
  /** How much a scale is widened when nothing was recorded just before the incident to compare with. Fitted. */
  readonly staleFactor: number;
  /** Samples a series needs before the incident to be judged. Below this its scale is a guess. */
  readonly minimumBaseline: number;
  /** Deviation from which a series counts as changed, in robust standard deviations (the usual outlier cut-off). */
  readonly changedFrom: number;
  /** What a change of each kind of metric is worth as a sign of a culprit, 0..1. Fitted. */
  readonly kindWeights: Readonly<Record<MetricKind, number>>;
  /** Factor for changes to the better (faster, idler): often the victim's side of a problem. Fitted. */
  readonly betterFactor: number;
  /** Factor for latency as a caller's client sees it, which holds the network and the queue before the callee. Fitted. */
  readonly clientFactor: number;
  /** Factor for the latency of calls a component makes itself. Fitted. */
  readonly outboundFactor: number;
  /** Factor for nodes that only their callers report. Fitted. */
  readonly inferredFactor: number;
  /** Factor for latency when availability is the symptom, and the other way round. Fitted. */
  readonly otherSymptomFactor: number;
  /** How much of a component's own deviation its callees can take away. Fitted. */
  readonly explainedWeight: number;
  /** Weight of latency that arises between client and server. Fitted. */
  readonly gapWeight: number;
  /** Weight of changed events per request. Fitted. */
  readonly mixWeight: number;
  /** What a change of calls per request is worth next to error lines: traffic of another sort changes it too. Fitted. */
  readonly callMixFactor: number;
  /** Rows before the incident that calls per request need: unlike errors, their usual number is not known without. */
  readonly callMixRows: number;
  /** Events expected at least in each row, so that one stray line is no surprise. */
  readonly eventFloor: number;
  /** Standard deviations of counts that chance explains. */
  readonly eventChance: number;
  /** Standard deviations of counts are worth this many of ordinary series, whose tails are far heavier. Fitted. */
  readonly eventGain: number;
  /** Variance over a Poisson process assumed before any row was seen, and the rows it counts for. Fitted. */
  readonly eventDispersion: number;
  readonly eventPriorRows: number;
  /** Factor for components the symptom does not reach through calls. Fitted. */
  readonly unreachableFactor: number;
  /** Confidence from which the answer is called determined; below, people are told that it is not. Planning uses 0.6. */
  readonly determinedFrom: number;
  /** At most this many series are listed as evidence of one root cause. */
  readonly evidenceLimit: number;
}

export const rootCauseTuning: RootCauseTuning = {
  rangeFloor: 0.01,
  failureFloor: 0.003,
  deviationCap: 100,
  localSamples: 30,
  gapSteps: 10,
  guardSteps: 1,
  agreeingSamples: 2,
  fewSamples: 15,
  excursions: 6,
  staleFactor: 3,
  minimumBaseline: 1,
  changedFrom: 3,
  kindWeights: { latency: 1, success: 1, failure: 1, saturation: 0.95, traffic: 0.35, log: 0.9, host: 0.3, other: 0.8 },
  betterFactor: 0.5,
  clientFactor: 0.8,
  outboundFactor: 0.6,
  inferredFactor: 0.6,
  otherSymptomFactor: 0.4,
  explainedWeight: 0.7,
  gapWeight: 0.8,
  mixWeight: 1,
  callMixFactor: 0.6,
  callMixRows: 3,
  eventFloor: 0.5,
  eventChance: 1.5,
  eventGain: 5,
  eventDispersion: 1.5,
  eventPriorRows: 5,
  unreachableFactor: 0.5,
  determinedFrom: 0.5,
  evidenceLimit: 5,
};
