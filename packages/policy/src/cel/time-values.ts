import { CelFault } from './cel-fault.ts';

/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z, the range CEL gives timestamps, in epoch milliseconds. */
export const minTimestamp = -62_135_596_800_000;
export const maxTimestamp = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
/** What 64 bits of nanoseconds hold, about 292 years, in milliseconds. */
export const maxDuration = 9_223_372_036_854;

const timestampPattern =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?([Zz]|([+-])(\d{2}):(\d{2}))$/;
const durationPart = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/y;
const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
/** The fault of text with more digits than the profile keeps. */
export const finer = new CelFault('The profile measures time in whole milliseconds');

export function timestampOr(ms: number): number | CelFault {
  return ms >= minTimestamp && ms <= maxTimestamp ? ms : new CelFault('The timestamp is outside years 1 to 9999');
}

export function durationOr(ms: number): number | CelFault {
  return Math.abs(ms) <= maxDuration ? ms : new CelFault('The duration is outside 292 years');
}

/** RFC 3339 text to epoch milliseconds. */
export function timestampFrom(text: string): number | CelFault {
  const match = timestampPattern.exec(text);
  const malformed = new CelFault(`${JSON.stringify(text.slice(0, 40))} is no RFC 3339 timestamp`);
  if (match === null) return malformed;
  const [, year, month, day, hour, minute, second, fraction = '', zone, sign, zoneHour, zoneMinute] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const isRealDay = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  if (!isRealDay || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return malformed;
  if (/[1-9]/.test(fraction.slice(3))) return finer;
  const clock = Number(hour) * 3_600_000 + Number(minute) * 60_000 + Number(second) * 1_000;
  const isOffset = zone !== 'Z' && zone !== 'z';
  if (isOffset && (Number(zoneHour) > 23 || Number(zoneMinute) > 59)) return malformed;
  const offset = isOffset ? (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000 * (sign === '-' ? -1 : 1) : 0;
  return timestampOr(date.getTime() + clock + Number(fraction.slice(0, 3).padEnd(3, '0')) - offset);
}

/** `1h30m`, `-1.5s`, `250ms` to milliseconds. */
export function durationFrom(text: string): number | CelFault {
  const malformed = new CelFault(`${JSON.stringify(text.slice(0, 40))} is no duration such as 1h30m or 250ms`);
  let at = text.startsWith('-') || text.startsWith('+') ? 1 : 0;
  if (text.slice(at) === '0') return 0;
  if (at === text.length) return malformed;
  let total = 0;
  while (at < text.length) {
    durationPart.lastIndex = at;
    const part = durationPart.exec(text);
    if (part === null) return malformed;
    total += Number(part[1]) * (unitMs[part[2] ?? ''] ?? 0);
    at = durationPart.lastIndex;
  }
  const rounded = Math.round(total);
  if (Math.abs(rounded - total) > 1e-7 + Math.abs(total) * 1e-15) return finer;
  return durationOr(text.startsWith('-') ? 0 - rounded : rounded);
}

export function timestampText(ms: number): string {
  const iso = new Date(ms).toISOString();
  return iso.replace(/\.?0+Z$/, (zeros) => (zeros.startsWith('.') ? 'Z' : zeros)).replace(/(\.\d*?)0+Z$/, '$1Z');
}

export const durationText = (ms: number): string => `${String(ms / 1_000)}s`;
