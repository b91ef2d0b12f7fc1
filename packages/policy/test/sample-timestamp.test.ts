import fc from 'fast-check';
import { expect, test } from 'vitest';
import { epochMsFrom } from '../src/samples/sample-timestamp.ts';

const instants = fc.date({
  min: new Date('0000-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});

test('every instant of four digits of a year is read as it was written, in any zone', () => {
  fc.assert(
    fc.property(instants, fc.integer({ min: -1_439, max: 1_439 }), (instant, minutes) => {
      const text = instant.toISOString();
      const ms = instant.getTime();
      expect(epochMsFrom(text)).toBe(ms);
      expect(epochMsFrom(text.slice(0, -1))).toBe(ms);
      const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60].map((n) =>
        String(n).padStart(2, '0'),
      );
      const zone = `${minutes < 0 ? '-' : '+'}${String(hours)}:${String(rest)}`;
      expect(epochMsFrom(text.replace('Z', zone))).toBe(ms - minutes * 60_000);
    }),
  );
});

test('the last day of every month follows the calendar, in leap years and others', () => {
  for (const year of [1900, 1970, 1999, 2000, 2024, 2025, 2100]) {
    for (let month = 1; month <= 12; month += 1) {
      const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
      const at = (day: number) =>
        epochMsFrom(`${String(year)}-${String(month).padStart(2, '0')}-${String(day)}T00:00:00Z`);
      expect(at(days)).toBe(Date.UTC(year, month - 1, days));
      expect(at(days + 1)).toBeNaN();
    }
  }
});

test('a text with any one character that does not belong there is no time', () => {
  const text = '2026-01-05T11:59:00.123+01:30';
  expect(epochMsFrom(text)).toBe(Date.parse(text));
  for (let at = 0; at < text.length; at += 1) {
    for (const wrong of ['x', '/', '\u0660'])
      expect(epochMsFrom(text.slice(0, at) + wrong + text.slice(at + 1))).toBeNaN();
  }
});

test.each([
  ['2026-01-05T11:59:00.1Z', '2026-01-05T11:59:00.100Z'],
  ['2026-01-05T11:59:00.12Z', '2026-01-05T11:59:00.120Z'],
  ['2026-01-05T11:59:00.123999Z', '2026-01-05T11:59:00.123Z'],
  ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
  ['2026-01-05 11:59:00z', '2026-01-05T11:59:00.000Z'],
])('%s is %s', (text, instant) => {
  expect(new Date(epochMsFrom(text)).toISOString()).toBe(instant);
});
