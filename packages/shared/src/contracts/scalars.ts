import { z } from 'zod';

/** A ULID: 26 characters of Crockford base 32, sortable by creation time. */
export const Ulid = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/, 'is not a ULID');
export type Ulid = z.infer<typeof Ulid>;

/** RFC 3339 UTC with milliseconds, as `Date.toISOString` writes it. */
export const Instant = z.iso.datetime();
export type Instant = z.infer<typeof Instant>;

/** Text that Postgres can keep: at most `length` characters and no NUL among them. */
export function printable(length: number) {
  return z
    .string()
    .max(length)
    .regex(/^[^\0]*$/, 'has a NUL character');
}

/** Name of a component, target, rule, strategy or policy. `/` separates a group from a member. */
export const Name = printable(200).min(1);
export const MetricName = printable(200).min(1);
export const Labels = z.record(printable(200), printable(2_000));
export type Labels = z.infer<typeof Labels>;

export const Severity = z.enum(['critical', 'warning', 'info']);
export type Severity = z.infer<typeof Severity>;

export const Comparator = z.enum(['>', '>=', '<', '<=', '==', '!=']);
export type Comparator = z.infer<typeof Comparator>;

/** Whether a value is on the wrong side of a threshold: `isBreaking(2, '>', 1)`. NaN breaks nothing but `!=`. */
export function isBreaking(value: number, comparator: Comparator, threshold: number): boolean {
  switch (comparator) {
    case '>':
      return value > threshold;
    case '>=':
      return value >= threshold;
    case '<':
      return value < threshold;
    case '<=':
      return value <= threshold;
    case '==':
      return value === threshold;
    case '!=':
      return value !== threshold;
  }
}

/** A number in [0, 1]. */
export const Ratio = z.number().min(0).max(1);

export const AutomationMode = z.enum(['observe', 'approve', 'auto']);
export type AutomationMode = z.infer<typeof AutomationMode>;
