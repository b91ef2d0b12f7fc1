import { z } from 'zod';

/** A ULID: 26 characters of Crockford base 32, sortable by creation time. */
export const Ulid = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/, 'is not a ULID');
export type Ulid = z.infer<typeof Ulid>;

/** RFC 3339 UTC with milliseconds, as `Date.toISOString` writes it. */
export const Instant = z.iso.datetime();
export type Instant = z.infer<typeof Instant>;

/** Name of a component, target, rule, strategy or policy. `/` separates a group from a member. */
export const Name = z.string().min(1).max(200);
export const MetricName = z.string().min(1).max(200);
export const Labels = z.record(z.string().max(200), z.string().max(2000));
export type Labels = z.infer<typeof Labels>;

export const Severity = z.enum(['critical', 'warning', 'info']);
export type Severity = z.infer<typeof Severity>;

export const Comparator = z.enum(['>', '>=', '<', '<=', '==', '!=']);
export type Comparator = z.infer<typeof Comparator>;

/** A number in [0, 1]. */
export const Ratio = z.number().min(0).max(1);

export const AutomationMode = z.enum(['observe', 'approve', 'auto']);
export type AutomationMode = z.infer<typeof AutomationMode>;
