import { type Column, openStore, rowsOf, type Store } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let store: Store<Record<never, never>>;

beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  store = await openStore<Record<never, never>>({ url: database.url, schema: 'neighbor', migrations: {} });
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

interface Row {
  readonly name: string;
  readonly note: string | null;
  readonly isIt: boolean;
  readonly record: unknown;
}
const columns: readonly Column<Row>[] = [
  { type: 'text', of: ({ name }) => name },
  { type: 'text', of: ({ note }) => note },
  { type: 'boolean', of: ({ isIt }) => String(isIt) },
  { type: 'json', of: ({ record }) => JSON.stringify(record) },
];
const throughPostgres = async (rows: readonly Row[]) =>
  (await sql`select * from ${rowsOf(rows, columns)} as row(name, note, "isIt", record)`.execute(store.db)).rows;

test('rows come out as they went in, whatever stands in them', async () => {
  const rows: Row[] = [
    { name: 'plain', note: null, isIt: true, record: { a: 1 } },
    { name: `"quoted", {braced}\\ and 'more'`, note: 'NULL', isIt: false, record: { text: 'a\u001eb\u001fc "d" \\' } },
    { name: 'zwei\nZeilen, über ☃', note: '\\N', isIt: true, record: [null, '', 0] },
  ];
  expect(await throughPostgres(rows)).toEqual(rows);
});

test('one row is a table, too', async () => {
  const rows: Row[] = [{ name: 'alone', note: null, isIt: false, record: {} }];
  expect(await throughPostgres(rows)).toEqual(rows);
});

test.each<[string, Row[]]>([
  [
    'separators',
    [
      { name: 'a\u001eb', note: '\u001f', isIt: true, record: 1 },
      { name: 'c', note: null, isIt: false, record: 2 },
    ],
  ],
  ['one empty text', [{ name: '', note: '', isIt: true, record: 1 }]],
  [
    'nothing but empty texts',
    [
      { name: '', note: '', isIt: true, record: 1 },
      { name: '', note: null, isIt: false, record: 2 },
    ],
  ],
])('%s shift nothing', async (_, rows) => {
  expect(await throughPostgres(rows)).toEqual(rows);
});
