import { z } from 'zod';

/** RFC 9457 problem details, as every error of every service. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  code: z.string(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string(), line: z.int().optional() })),
  traceId: z.string(),
});
export type Problem = z.infer<typeof Problem>;

/** Query of every list: newest first, by cursor. */
export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z
    .string()
    .regex(/^[\w.:~=-]{1,200}$/, 'is no cursor of this list')
    .optional(),
});
export type PageQuery = z.infer<typeof PageQuery>;

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });
