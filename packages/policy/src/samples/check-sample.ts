import { epochMsFrom } from './sample-timestamp.ts';

/** A metric sample whose fields are present and well formed. */
export interface Sample {
  readonly metric_name: string;
  readonly value: number | string;
  readonly timestamp: number | string;
  readonly source: string;
  readonly labels: Readonly<Record<string, string>> | undefined;
}

export interface SampleLimits {
  readonly nameLength: number;
  readonly sourceLength: number;
  readonly textLength: number;
  readonly labels: number;
  readonly labelLength: number;
  /** How far the sender's clock may be ahead before a sample is from the future. */
  readonly clockSkewMs: number;
}

export const defaultSampleLimits: SampleLimits = {
  nameLength: 256,
  sourceLength: 256,
  textLength: 65_536,
  labels: 64,
  labelLength: 1_024,
  clockSkewMs: 1_000,
};

export type CheckedSample =
  | { readonly ok: true; readonly sample: Sample }
  /** `name` is the metric's name when at least that could be read. */
  | { readonly ok: false; readonly errors: readonly string[]; readonly name: string | null };

/** Compared by hand, in the order that senders mostly write: a set costs a hash for each field. */
const isKnown = (key: string): boolean =>
  key === 'metric_name' || key === 'value' || key === 'timestamp' || key === 'source' || key === 'labels';

/** The list is made with its first problem: most samples have none. */
function withProblem(errors: string[] | null, problem: string | null): string[] | null {
  if (problem === null) return errors;
  if (errors === null) return [problem];
  errors.push(problem);
  return errors;
}

/** Checks the fields of a sample by hand: this runs for every sample, within microseconds. `now` is epoch milliseconds. */
export function checkSample(raw: unknown, now: number, limits: SampleLimits = defaultSampleLimits): CheckedSample {
  if (!isRecord(raw)) return { ok: false, errors: ['The sample is no object'], name: null };
  const { metric_name: name, value, timestamp, source, labels } = raw;
  let errors: string[] | null = null;
  errors = withProblem(errors, nameProblem(name, limits));
  errors = withProblem(errors, valueProblem(value, limits));
  errors = withProblem(errors, timestampProblem(timestamp, now, limits));
  errors = withProblem(errors, sourceProblem(source, limits));
  if (labels !== undefined) errors = withProblem(errors, labelsProblem(labels, limits));
  for (const key in raw) {
    if (!isKnown(key)) errors = withProblem(errors, `The field ${key.slice(0, 64)} is unknown`);
  }
  if (errors === null && isText(name) && isValue(value) && isValue(timestamp) && isText(source)) {
    return {
      ok: true,
      sample: { metric_name: name, value, timestamp, source, labels: isLabels(labels) ? labels : undefined },
    };
  }
  return { ok: false, errors: errors ?? [], name: isText(name) ? name : null };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isValue = (value: unknown): value is number | string => typeof value === 'number' || typeof value === 'string';
const isLabels = (value: unknown): value is Readonly<Record<string, string>> =>
  typeof value === 'object' && value !== null;

function nameProblem(name: unknown, limits: SampleLimits): string | null {
  if (name === undefined || name === null) return 'metric_name is missing';
  if (typeof name !== 'string') return 'metric_name is no text';
  if (name === '') return 'metric_name is empty';
  if (name.length > limits.nameLength) return `metric_name is longer than ${String(limits.nameLength)} characters`;
  return isMetricName(name) ? null : 'metric_name is malformed: letters, digits, _ and :, not starting with a digit';
}

/** The metric names of Prometheus: `[a-zA-Z_:][a-zA-Z0-9_:]*`. */
function isMetricName(name: string): boolean {
  for (let at = 0; at < name.length; at += 1) {
    const code = name.charCodeAt(at);
    const letter = code | 0x20;
    const isLetter = letter >= 0x61 && letter <= 0x7a;
    const isDigit = code >= 0x30 && code <= 0x39;
    if (!isLetter && code !== 0x5f && code !== 0x3a && !(isDigit && at > 0)) return false;
  }
  return true;
}

function valueProblem(value: unknown, limits: SampleLimits): string | null {
  if (value === undefined || value === null) return 'value is missing';
  if (typeof value === 'number') return null;
  if (typeof value !== 'string') return 'value is neither a number nor text';
  return value.length > limits.textLength ? `value is longer than ${String(limits.textLength)} characters` : null;
}

function timestampProblem(timestamp: unknown, now: number, limits: SampleLimits): string | null {
  if (timestamp === undefined || timestamp === null) return 'timestamp is missing';
  let ms: number;
  if (typeof timestamp === 'number') ms = timestamp * 1_000;
  else if (typeof timestamp === 'string') ms = epochMsFrom(timestamp);
  else return 'timestamp is neither RFC 3339 text nor epoch seconds';
  if (!Number.isFinite(ms)) return 'timestamp is malformed: expected RFC 3339 text or epoch seconds';
  return ms > now + limits.clockSkewMs ? 'timestamp is in the future' : null;
}

function sourceProblem(source: unknown, limits: SampleLimits): string | null {
  if (source === undefined || source === null) return 'source is missing';
  if (typeof source !== 'string') return 'source is no text';
  if (source === '') return 'source is empty';
  return source.length > limits.sourceLength ? `source is longer than ${String(limits.sourceLength)} characters` : null;
}

function labelsProblem(labels: unknown, limits: SampleLimits): string | null {
  if (!isRecord(labels)) return 'labels is no map of text';
  const keys = Object.keys(labels);
  if (keys.length > limits.labels) return `labels holds more than ${String(limits.labels)} entries`;
  for (const key of keys) {
    const value = labels[key];
    if (typeof value !== 'string') return `The label ${key.slice(0, 64)} is no text`;
    if (key.length > limits.labelLength || value.length > limits.labelLength) {
      return `The label ${key.slice(0, 64)} is longer than ${String(limits.labelLength)} characters`;
    }
  }
  return null;
}
