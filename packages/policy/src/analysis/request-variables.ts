import type { NumberDomain } from './number-set.ts';

const real: NumberDomain = { least: -Number.MAX_VALUE, most: Number.MAX_VALUE, isWhole: false };
const whole = (least: number, most: number): NumberDomain => ({ least, most, isWhole: true });
/** The last millisecond that a `Date` holds. */
const lastInstant = 8.64e15;

/**
 * The numbers of a request that conditions compare. Requests carry finite numbers, as JSON does. `hour`, `minute` and
 * `weekday` are parts of `now`; a witness is found for all four together.
 */
export const numberDomains: ReadonlyMap<string, NumberDomain> = new Map([
  ['value', real],
  ['plan.risk', real],
  ['plan.cost', real],
  ['plan.benefit', real],
  ['plan.blastRadius', real],
  ['plan.confidence', real],
  ['plan.steps', whole(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)],
  ['now', whole(-lastInstant, lastInstant)],
  ['hour', whole(0, 23)],
  ['minute', whole(0, 59)],
  ['weekday', whole(0, 6)],
]);

export const attributes = [
  'action',
  'target',
  'targetClass',
  'group',
  'metric',
  'source',
  'role',
  'purpose',
  'environment',
] as const;
export type Attribute = (typeof attributes)[number];

const textVariables: ReadonlySet<string> = new Set([...attributes, 'plan.priority', 'plan.rootCause']);
export const isTextVariable = (name: string): boolean => name.startsWith('labels.') || textVariables.has(name);

/** Every request has these. */
export const alwaysSet: ReadonlySet<string> = new Set(['action', 'now', 'hour', 'minute', 'weekday']);

/** A part of a condition that the analysis cannot read, taken as a variable of its own: false, true or failed. */
export const opaquePrefix = 'opaque:';
export const isOpaque = (name: string): boolean => name.startsWith(opaquePrefix);
/** Bits of an opaque variable. */
export const outcomes = { no: 1, yes: 2, failed: 4 } as const;
/** Bits of `labels`, `plan` and `windows` as a whole, and of one window (`windows.name`). */
export const presence = { no: 1, yes: 2 } as const;
/** What may be missing as a whole, and then misses each of its parts. */
export const containers = ['labels', 'plan', 'windows'] as const;
