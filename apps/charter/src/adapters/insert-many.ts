import { type Expression, sql } from 'kysely';

/** One column of many rows: its Postgres type and a value a row. */
export interface Column {
  readonly type: 'text' | 'bigint' | 'timestamptz';
  readonly values: readonly unknown[];
}

/**
 * The rows of an insert as one parameter a column, however many rows there are: a parameter a value costs the
 * processor more than Postgres takes for the work.
 */
export function rowsOf<Name extends string>(
  columns: Readonly<Record<Name, Column>>,
): { readonly columns: Name[]; readonly rows: Expression<unknown> } {
  const names = Object.keys(columns) as Name[];
  const arrays = names.map((name) => columns[name]).map(({ type, values }) => sql`${[...values]}::${sql.raw(type)}[]`);
  return { columns: names, rows: sql`select * from unnest(${sql.join(arrays)})` };
}
