import { CelFault } from './cel-fault.ts';
import { BOOL, type CelType, DOUBLE, DURATION, INT, STRING, TIMESTAMP } from './cel-type.ts';
import { durationFrom, durationText, timestampFrom, timestampOr, timestampText } from './time-values.ts';
import { intOr, overflow } from './values.ts';

export interface Conversion {
  readonly type: CelType;
  readonly convert: (value: unknown) => unknown;
}

const same = (value: unknown): unknown => value;
const onNumber = (convert: (value: number) => unknown) => (value: unknown) => convert(Number(value));
const onText = (convert: (value: string) => unknown) => (value: unknown) => convert(String(value));
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const namedDoubles: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Infinity, '-Infinity': -Infinity };

function intFrom(text: string): number | CelFault {
  return /^[+-]?\d+$/.test(text) ? intOr(Number(text)) : new CelFault('The text is no integer');
}

function doubleFrom(text: string): number | CelFault {
  const named = namedDoubles[text];
  if (named !== undefined) return named;
  return decimal.test(text) ? Number(text) : new CelFault('The text is no number');
}

function boolFrom(text: string): boolean | CelFault {
  if (['true', 'True', 'TRUE', 't', '1'].includes(text)) return true;
  if (['false', 'False', 'FALSE', 'f', '0'].includes(text)) return false;
  return new CelFault('The text is no boolean');
}

function doubleText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Standard conversions by `name(argument type)`. */
export const conversions: ReadonlyMap<string, Conversion> = new Map<string, Conversion>([
  ['bool(bool)', { type: BOOL, convert: same }],
  ['bool(string)', { type: BOOL, convert: onText(boolFrom) }],
  ['int(int)', { type: INT, convert: same }],
  [
    'int(double)',
    { type: INT, convert: onNumber((value) => (Number.isFinite(value) ? intOr(Math.trunc(value)) : overflow)) },
  ],
  ['int(string)', { type: INT, convert: onText(intFrom) }],
  ['int(timestamp)', { type: INT, convert: onNumber((ms) => Math.floor(ms / 1_000)) }],
  ['int(duration)', { type: INT, convert: onNumber((ms) => Math.trunc(ms / 1_000)) }],
  ['double(double)', { type: DOUBLE, convert: same }],
  ['double(int)', { type: DOUBLE, convert: same }],
  ['double(string)', { type: DOUBLE, convert: onText(doubleFrom) }],
  ['string(string)', { type: STRING, convert: same }],
  ['string(bool)', { type: STRING, convert: String }],
  ['string(int)', { type: STRING, convert: String }],
  ['string(double)', { type: STRING, convert: onNumber(doubleText) }],
  ['string(timestamp)', { type: STRING, convert: onNumber(timestampText) }],
  ['string(duration)', { type: STRING, convert: onNumber(durationText) }],
  ['timestamp(timestamp)', { type: TIMESTAMP, convert: same }],
  ['timestamp(string)', { type: TIMESTAMP, convert: onText(timestampFrom) }],
  ['timestamp(int)', { type: TIMESTAMP, convert: onNumber((seconds) => timestampOr(seconds * 1_000)) }],
  ['duration(duration)', { type: DURATION, convert: same }],
  ['duration(string)', { type: DURATION, convert: onText(durationFrom) }],
]);
