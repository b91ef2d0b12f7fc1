import type { PageQuery } from '@charter/shared/contracts';

/** Cuts one row more than a page into the page and the cursor of the next, by the id (ULIDs sort by time). */
export function pageFrom<Item extends { id: string }>(
  rows: readonly Item[],
  { limit }: PageQuery,
): { items: Item[]; nextCursor: string | null } {
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
