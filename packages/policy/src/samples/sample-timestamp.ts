/** Epoch milliseconds of an RFC 3339 text, read digit by digit because it is on the path of every sample; NaN when malformed. */
export function epochMsFrom(text: string): number {
  const { length } = text;
  if (length < 19 || length > 40) return Number.NaN;
  const separator = text.charCodeAt(10) | 0x20;
  const hasShape =
    text.charCodeAt(4) === 0x2d &&
    text.charCodeAt(7) === 0x2d &&
    (separator === 0x74 || separator === 0x20) &&
    text.charCodeAt(13) === 0x3a &&
    text.charCodeAt(16) === 0x3a;
  if (!hasShape) return Number.NaN;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return Number.NaN;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return Number.NaN;
  let at = 19;
  let ms = 0;
  if (text.charCodeAt(at) === 0x2e) {
    const start = at + 1;
    at = start;
    for (let unit = 100; at < length; at += 1) {
      const digit = text.charCodeAt(at) - 0x30;
      if (digit < 0 || digit > 9) break;
      ms += digit * unit;
      unit = unit === 100 ? 10 : unit === 10 ? 1 : 0;
    }
    if (at === start) return Number.NaN;
  }
  const seconds = (hour * 60 + minute) * 60 + second;
  return daysUntil(year, month, day) * 86_400_000 + seconds * 1_000 + ms - offsetMs(text, at);
}

/** The zone in milliseconds; a text without one is read as UTC, as classic clients write it. */
function offsetMs(text: string, at: number): number {
  if (at === text.length) return 0;
  const sign = text.charCodeAt(at);
  if ((sign | 0x20) === 0x7a) return at + 1 === text.length ? 0 : Number.NaN;
  const isOffset = (sign === 0x2b || sign === 0x2d) && text.length === at + 6 && text.charCodeAt(at + 3) === 0x3a;
  if (!isOffset) return Number.NaN;
  const hours = twoDigits(text, at + 1);
  const minutes = twoDigits(text, at + 4);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return Number.NaN;
  return (hours * 60 + minutes) * 60_000 * (sign === 0x2d ? -1 : 1);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days from 1970-01-01 to a date of the Gregorian calendar, whose years are counted from March here: February ends them. */
function daysUntil(year: number, month: number, day: number): number {
  const isBeforeMarch = month < 3;
  const ended = isBeforeMarch ? year - 1 : year;
  const leapDays = Math.floor(ended / 4) - Math.floor(ended / 100) + Math.floor(ended / 400);
  const daysOfMonths = Math.floor((153 * (isBeforeMarch ? month + 9 : month - 3) + 2) / 5);
  return ended * 365 + leapDays + daysOfMonths + day - 719_469;
}

/** So far below zero that no sum of digits makes up for it. */
const noDigits = -100_000;

/** A number of two digits; negative when one of them is none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30;
  const units = text.charCodeAt(at + 1) - 0x30;
  return tens >= 0 && tens <= 9 && units >= 0 && units <= 9 ? tens * 10 + units : noDigits;
}
