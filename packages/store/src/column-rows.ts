import { type RawBuilder, sql } from 'kysely';

/** A column of many rows: its type in Postgres and its value in each row, as text; null is null. */
export interface Column<Row> {
  readonly type: 'text' | 'bigint' | 'boolean' | 'timestamptz' | 'json';
  readonly of: (row: Row) => string | null;
}

/** Control characters, which JSON escapes and names hardly hold: they stand between values, and for null. */
const [between, nothing] = ['\u001e', '\u001f'];

/**
 * Many rows as a table of Postgres, one text parameter a column: half as dear as JSON that the server takes apart row by
 * row, and a tenth of arrays that the driver escapes. There is at least one row.
 */
export function rowsOf<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): RawBuilder<unknown> {
  return sql`unnest(${sql.join(columns.map(({ type, of }) => columnOf(rows.map(of), type)))})`;
}

function columnOf(values: readonly (string | null)[], type: Column<unknown>['type']): RawBuilder<unknown> {
  const array = sql.raw(`${type}[]`);
  // One empty text would be no element at all, and a value with a separator in it would be two.
  if (values.length === 1 || values.some(isAmbiguous)) return sql`${[...values]}::${array}`;
  const text = values.map((value) => value ?? nothing).join(between);
  return sql`string_to_array(${text}, ${between}, ${nothing})::${array}`;
}

const isAmbiguous = (value: string | null): boolean =>
  value !== null && (value.includes(between) || value.includes(nothing));
