import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openStore, type Store } from '@charter/store';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AuditRecord, chainOn, emptyChain } from '../src/domain/audit-chain.ts';
import { publicPem, signCheckpoint } from '../src/domain/audit-checkpoint.ts';
import { verifyExport } from '../src/domain/verify-export.ts';
import { charterFixture, type Fixture } from './fixture.ts';

const entries = Array.from({ length: 20 }, (_, index) => ({
  actor: 'ann',
  action: 'policy.activated',
  subject: `p${String(index)}`,
  data: { index, nested: { b: 1, a: [null, 'ä', 0.1] } },
}));
const records = chainOn(emptyChain, entries, '2026-01-01T00:00:00.000Z');
const { privateKey } = generateKeyPairSync('ed25519');
const publicKey = publicPem(privateKey);
const ending = () => ({
  checkpoint: signCheckpoint(records.at(-1) ?? emptyChain, '2026-01-01T00:00:01.000Z', privateKey),
  publicKey,
});

async function* linesOf(values: readonly unknown[]): AsyncGenerator<string> {
  for (const value of values) yield JSON.stringify(value);
}
const verify = (values: readonly unknown[]) => verifyExport(linesOf(values), publicKey);
const at = (index: number): AuditRecord => records[index] ?? expect.unreachable();

describe('an exported chain', () => {
  test('that nobody touched is valid', async () => {
    expect(await verify([...records, ending()])).toMatchObject({ valid: true, head: { seq: 20 } });
  });

  test.each([
    ['a changed record', () => records.with(6, { ...at(6), actor: 'eve' }), 7],
    ['a changed detail', () => records.with(6, { ...at(6), data: { ...at(6).data, index: 7 } }), 7],
    ['a record taken out', () => records.toSpliced(6, 1), 7],
    ['two records swapped', () => records.with(6, at(7)).with(7, at(6)), 7],
    ['a record written twice', () => records.toSpliced(6, 0, at(6)), 8],
    ['the end cut off', () => records.slice(0, 12), 13],
    [
      'a tail written anew',
      () => [...records.slice(0, 6), ...chainOn(at(5), entries.slice(7), '2026-01-01T00:00:00.000Z')],
      20,
    ],
  ])('with %s is broken at the first bad record', async (_what, change, seq) => {
    const { valid, firstBroken } = await verify([...change(), ending()]);
    expect(valid).toBe(false);
    expect(firstBroken?.seq).toBe(seq);
  });

  test('without its signed end, or signed by another key, is not believed', async () => {
    expect(await verify(records)).toMatchObject({ valid: false, firstBroken: { seq: 21 } });
    const other = generateKeyPairSync('ed25519').privateKey;
    const forged = {
      checkpoint: signCheckpoint(at(19), '2026-01-01T00:00:01.000Z', other),
      publicKey: publicPem(other),
    };
    expect(await verify([...records, forged])).toMatchObject({ valid: false });
  });

  test('of whatever texts and details is valid after it travelled as UTF-8', async () => {
    const anything = fc.record({
      actor: fc.string({ unit: 'binary' }),
      action: fc.constant('x'),
      subject: fc.string({ unit: 'binary' }),
      data: fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(anything, { minLength: 1, maxLength: 5 }), async (written) => {
        const chain = chainOn(emptyChain, written, '2026-01-01T00:00:00.000Z');
        const end = {
          checkpoint: signCheckpoint(chain.at(-1) ?? emptyChain, '2026-01-01T00:00:01.000Z', privateKey),
          publicKey,
        };
        const travelled = [...chain, end].map((value) => JSON.parse(Buffer.from(JSON.stringify(value)).toString()));
        expect(await verify(travelled)).toMatchObject({ valid: true });
      }),
      { numRuns: process.env.CHARTER_FULL === '1' ? 200 : 50 },
    );
  });

  test('with any one character of a record changed is broken', async () => {
    const text = records.map((record) => JSON.stringify(record));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(records.length - 1),
        fc.nat(),
        fc.constantFrom('x', '7', '"', ' '),
        async (line, place, mark) => {
          const original = text[line] ?? '';
          const position = place % original.length;
          const changed = original.slice(0, position) + mark + original.slice(position + 1);
          const isSame = changed === original || isEqualJson(changed, original);
          async function* lines(): AsyncGenerator<string> {
            for (const [index, written] of text.entries()) yield index === line ? changed : written;
            yield JSON.stringify(ending());
          }
          expect((await verifyExport(lines(), publicKey)).valid).toBe(isSame);
        },
      ),
      { numRuns: 200 },
    );
  });
});

function isEqualJson(a: string, b: string): boolean {
  try {
    return JSON.stringify(JSON.parse(a)) === JSON.stringify(JSON.parse(b));
  } catch {
    return false;
  }
}

describe('the audit log of a charter', () => {
  let charter: Fixture;
  let postgres: Store<Record<never, never>>;
  beforeAll(async () => {
    charter = await charterFixture();
    postgres = await openStore({ url: charter.database.url, schema: 'outside', migrations: {} });
  });
  afterAll(async () => {
    await postgres.close();
    await charter.close();
  });

  interface Verdict {
    valid: boolean;
    records: number;
    firstBroken: { seq: number } | null;
  }
  const verdict = () => charter.ok(charter.get<Verdict>('audit/verify'));
  const change = (reason: string) => charter.ok(charter.call('PUT', 'automation', { mode: 'observe', reason }));
  const query = <Row = unknown>(statement: string) => sql.raw<Row>(statement).execute(postgres.db);
  const tamper = async (statement: string): Promise<void> => {
    await query('alter table charter.audit disable trigger audit_append_only');
    await query(statement);
    await query('alter table charter.audit enable trigger audit_append_only');
  };

  test('keeps every change of many writers at once in one chain', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => change(`change ${String(index)}`)));
    expect(await verdict()).toMatchObject({ valid: true, records: 20, firstBroken: null });
  });

  test('is listed newest first, page by page', async () => {
    type Page = { items: Array<{ seq: number }>; nextCursor: string | null };
    const first = await charter.ok(charter.get<Page>('audit?limit=3'));
    const second = await charter.ok(charter.get<Page>(`audit?limit=3&cursor=${first.nextCursor ?? ''}`));
    expect([...first.items, ...second.items].map(({ seq }) => seq)).toEqual([20, 19, 18, 17, 16, 15]);
  });

  test('is exported so that the verifier on its own believes it, and an edited copy not', async () => {
    const { body } = await charter.get<string>('audit?format=jsonl');
    const run = promisify(execFile);
    const script = join(import.meta.dirname, '..', 'src', 'verify-audit.ts');
    const file = join(charter.stateDir, 'export.jsonl');
    await writeFile(file, body);
    expect((await run(process.execPath, [script, file])).stdout).toContain('valid: 20 records');
    await writeFile(file, body.replace('change 3', 'change 33'));
    await expect(run(process.execPath, [script, file])).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/broken: record \d+ was changed/),
    });
  });

  test('refuses changes inside Postgres', async () => {
    await expect(query("update charter.audit set actor = 'eve' where seq = 3")).rejects.toThrow('append-only');
    await expect(query('truncate charter.audit')).rejects.toThrow('append-only');
  });

  test('shows a record that was changed behind its back', async () => {
    const { rows } = await query<{ actor: string }>('select actor from charter.audit where seq = 7');
    await tamper("update charter.audit set actor = 'eve' where seq = 7");
    expect(await verdict()).toMatchObject({ valid: false, firstBroken: { seq: 7 } });
    await tamper(`update charter.audit set actor = '${rows[0]?.actor ?? ''}' where seq = 7`);
    expect(await verdict()).toMatchObject({ valid: true });
  });

  test('shows that its end was cut off, checkpoints and all', async () => {
    await charter.get('audit?format=jsonl');
    await tamper('delete from charter.audit where seq > 15');
    await query('delete from charter.audit_checkpoint where seq > 15');
    expect(await verdict()).toMatchObject({ valid: false, records: 15, firstBroken: { seq: 16 } });
  });
});
