import { CelFault } from './cel-fault.ts';

export type TimeField = (ms: number) => number;

const utcFields: Readonly<Record<string, (date: Date) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: (date) => {
    const midnight = Date.UTC(2000, date.getUTCMonth(), date.getUTCDate());
    const isLeap = new Date(Date.UTC(date.getUTCFullYear(), 1, 29)).getUTCMonth() === 1;
    const day = Math.round((midnight - Date.UTC(2000, 0, 1)) / 86_400_000);
    return !isLeap && date.getUTCMonth() > 1 ? day - 1 : day;
  },
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
};

export const timestampFieldNames: ReadonlySet<string> = new Set(Object.keys(utcFields));

export const durationFields: Readonly<Record<string, TimeField>> = {
  getHours: (ms) => Math.trunc(ms / 3_600_000) + 0,
  getMinutes: (ms) => Math.trunc(ms / 60_000) + 0,
  getSeconds: (ms) => Math.trunc(ms / 1_000) + 0,
  getMilliseconds: (ms) => (ms % 1_000) + 0,
};

/** The accessor of a timestamp field in a zone: UTC, a fixed offset such as `-02:30`, or an IANA name. */
export function timestampField(name: string, zone: string | null): TimeField | CelFault {
  const field = utcFields[name];
  if (field === undefined) return new CelFault(`There is no timestamp function ${name}`);
  if (zone === null) return (ms) => field(new Date(ms));
  const fixed = /^([+-]?)(\d{2}):(\d{2})$/.exec(zone);
  if (fixed !== null) {
    const offset = (Number(fixed[2]) * 60 + Number(fixed[3])) * 60_000 * (fixed[1] === '-' ? -1 : 1);
    return (ms) => field(new Date(ms + offset));
  }
  const toLocal = zoneClock(zone);
  return toLocal instanceof CelFault ? toLocal : (ms) => field(new Date(toLocal(ms)));
}

/** Epoch milliseconds whose UTC fields read as the wall clock of the zone. */
function zoneClock(zone: string): TimeField | CelFault {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
    });
  } catch {
    return new CelFault(`There is no time zone ${JSON.stringify(zone)}`);
  }
  return (ms) => {
    const parts: Record<string, string> = {};
    for (const { type, value } of format.formatToParts(ms)) parts[type] = value;
    const date = new Date(0);
    const year = Number(parts.year);
    date.setUTCFullYear(parts.era === 'BC' ? 1 - year : year, Number(parts.month) - 1, Number(parts.day));
    date.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second), ((ms % 1_000) + 1_000) % 1_000);
    return date.getTime();
  };
}
