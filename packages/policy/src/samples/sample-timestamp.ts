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
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return Number.NaN;
  if (!(hour <= 23 && minute <= 59 && second <= 60)) return Number.NaN;
  let at = 19;
  let ms = 0;
  if (text.charCodeAt(at) === 0x2e) {
    const start = at + 1;
    at = start;
    while (isDigit(text.charCodeAt(at))) at += 1;
    if (at === start) return Number.NaN;
    for (let place = 0, unit = 100; place < 3 && start + place < at; place += 1, unit /= 10) {
      ms += digits(text, start + place, 1) * unit;
    }
  }
  return Date.UTC(year, month - 1, day, hour, minute, second, ms) - offsetMs(text, at);
}

/** The zone in milliseconds; a text without one is read as UTC, as classic clients write it. */
function offsetMs(text: string, at: number): number {
  if (at === text.length) return 0;
  const sign = text.charCodeAt(at);
  if ((sign | 0x20) === 0x7a) return at + 1 === text.length ? 0 : Number.NaN;
  const isOffset = (sign === 0x2b || sign === 0x2d) && text.length === at + 6 && text.charCodeAt(at + 3) === 0x3a;
  if (!isOffset) return Number.NaN;
  const hours = digits(text, at + 1, 2);
  const minutes = digits(text, at + 4, 2);
  if (!(hours <= 23 && minutes <= 59)) return Number.NaN;
  return (hours * 60 + minutes) * 60_000 * (sign === 0x2d ? -1 : 1);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

function digits(text: string, from: number, count: number): number {
  let value = 0;
  for (let at = from; at < from + count; at += 1) {
    const code = text.charCodeAt(at);
    if (!isDigit(code)) return Number.NaN;
    value = value * 10 + code - 0x30;
  }
  return value;
}
