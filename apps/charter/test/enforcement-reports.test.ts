import { hash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store } from '@charter/store';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { reportBox } from '../src/enforcement/adapters/report-box.ts';
import { migrations } from '../src/migrations.ts';
import type { CharterTables } from '../src/tables.ts';
import { charterFixture, type Fixture } from './fixture.ts';

interface Revocation {
  id: string;
  status: string;
  proof: { removals: Array<{ holder: string; removed: number; remaining: number | null }>; digest: string } | null;
}

/** A Prometheus that holds one series of `shoe_size` and deletes it when its admin API is on. */
function fakePrometheus() {
  let series = 1;
  let isAdminOn = false;
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname === '/api/v1/query') {
      const count = url.searchParams.get('query')?.includes('shoe_size') ? series : 0;
      response.end(
        JSON.stringify({ status: 'success', data: { result: count === 0 ? [] : [{ value: [0, String(count)] }] } }),
      );
      return;
    }
    if (isAdminOn) series = 0;
    response.writeHead(isAdminOn ? 204 : 403).end();
  });
  return {
    server,
    allowDeletion(): void {
      isAdminOn = true;
    },
  };
}

const key = 'a-key-of-an-approver';
const authorized = { headers: { authorization: `Bearer ${key}` } };
const prometheus = fakePrometheus();
let folder: string;
let charter: Fixture;
let postgres: Store<Record<string, never>>;
const logged: string[] = [];

beforeAll(async () => {
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => logged.push(String(text)) > 0);
  folder = await mkdtemp(join(tmpdir(), 'charter-keys-'));
  const keys = join(folder, 'keys.json');
  await writeFile(keys, JSON.stringify([{ name: 'ada', role: 'admin', sha256: hash('sha256', key, 'hex') }]));
  await new Promise<void>((resolve) => prometheus.server.listen(0, '127.0.0.1', resolve));
  const { port } = prometheus.server.address() as AddressInfo;
  charter = await charterFixture({
    CHARTER_API_KEYS: keys,
    CHARTER_REPORTS_PER_MINUTE: '5',
    LOG_LEVEL: 'trace',
    PROMETHEUS_URL: `http://127.0.0.1:${String(port)}`,
  });
  postgres = await openStore({ url: charter.database.url, schema: 'outside', migrations: {} });
});
afterAll(async () => {
  vi.restoreAllMocks();
  await postgres.close();
  await charter.close();
  prometheus.server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Everything that all tables of the database hold, as text. */
async function everything(): Promise<string> {
  const { rows: tables } = await sql<{ schema: string; name: string }>`
    select schemaname as schema, tablename as name from pg_tables where schemaname in ('charter', 'transport')`.execute(
    postgres.db,
  );
  const texts = [];
  for (const { schema, name } of tables) {
    const { rows } = await sql<{
      text: string;
    }>`select row_to_json(t)::text as text from ${sql.table(`${schema}.${name}`)} t`.execute(postgres.db);
    texts.push(...rows.map(({ text }) => `${name} ${text}`));
  }
  return texts.join('\n');
}

describe('a report', () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const sender = {
    headers: {
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
      'user-agent': 'whistle/7',
      'x-forwarded-for': '203.0.113.9',
      'x-request-id': 'request-of-the-sender',
    },
  };

  test('is taken without authentication and leaves nothing of its sender anywhere', async () => {
    const text = 'They record what is said in meetings.';
    const answer = await charter.post<{ receipt: string }>('reports', { text, subject: 'meeting rooms' }, sender);
    expect(answer.status).toBe(202);
    expect(answer.headers.get('traceparent')).toBeNull();
    expect(await charter.post('reports', { text: '', extra: 1 }, sender)).toMatchObject({ status: 400 });

    const stored = await everything();
    expect(stored).toContain(text);
    const line = stored.split('\n').find((row) => row.includes(text)) ?? '';
    expect(Object.keys(JSON.parse(line.slice(line.indexOf('{'))) as object).sort()).toEqual([
      'channel',
      'id',
      'is_counted',
      'received_on',
      'subject',
      'text',
    ]);
    expect(line).toMatch(/"received_on":"\d{4}-\d\d-\d\d"/);
    await charter.get('reports', authorized);
    expect(logged.join('')).toContain('"by":"ada"'); // others' requests are logged
    for (const place of [stored, logged.join('')]) {
      for (const trace of [traceId, 'whistle/7', '203.0.113.9', 'request-of-the-sender'])
        expect(place).not.toContain(trace);
    }
    for (const trace of [text, answer.body.receipt, '"method":"POST","route":"/api/v1/reports"'])
      expect(logged.join('')).not.toContain(trace);
  });

  test('is read by those who may, and by nobody else', async () => {
    expect(await charter.get('reports')).toMatchObject({ status: 401 });
    const { items } = await charter.ok(charter.get<{ items: object[] }>('reports', authorized));
    expect(items).toMatchObject([{ subject: 'meeting rooms', channel: 'reports' }]);
  });

  test('is refused when all senders together send too many', async () => {
    const statuses = [];
    for (let sent = 0; sent < 6; sent += 1)
      statuses.push((await charter.post('reports', { text: 'again' }, sender)).status);
    expect(statuses).toContain(429);
    expect(statuses.at(-1)).toBe(429);
    expect(await charter.get('reports', authorized)).toMatchObject({ status: 200 });
  });
});

describe('the audit log', () => {
  test('learns how many reports came, and nothing else of them', async () => {
    const store = await openStore<CharterTables>({ url: charter.database.url, schema: 'charter', migrations });
    const box = reportBox(store);
    await box.count();
    await box.count();
    await store.close();
    const { items } = await charter.ok(
      charter.get<{ items: Array<{ action: string; actor: string; data: object }> }>('audit?limit=500', authorized),
    );
    const about = items.filter(({ action }) => action === 'reports.received');
    const kept = await charter.ok(charter.get<{ items: object[] }>('reports', authorized));
    expect(about).toMatchObject([{ actor: 'anonymous', data: { count: kept.items.length } }]);
    expect(JSON.stringify(items)).not.toContain('meeting');
    expect(await charter.ok(charter.get('audit/verify', authorized))).toMatchObject({ valid: true });
  });
});

describe('a revocation', () => {
  const sample = (metric_name: string) => ({
    metric_name,
    value: 1,
    timestamp: new Date().toISOString(),
    source: 'node-9',
  });
  const recorded = async () => {
    const { rows } = await sql<{ count: string }>`
      select count(*) from charter.decision where subject = 'node-9'`.execute(postgres.db);
    return Number(rows[0]?.count);
  };

  test('removes what is recorded, and proves it', async () => {
    await charter.ok(charter.post('metrics/validate', sample('hat_size'), authorized));
    await expect.poll(recorded).toBe(1);
    const scope = { metric: 'hat_size', source: 'node-9' };
    const revocation = await charter.ok(
      charter.post<Revocation>('revocations', { reason: 'user_request', scope }, authorized),
      201,
    );
    expect(revocation).toMatchObject({
      status: 'completed',
      proof: {
        removals: [
          { holder: 'charter', removed: 1, remaining: 0 },
          { holder: 'prometheus', remaining: 0 },
        ],
      },
    });
    expect(await recorded()).toBe(0);
    const { items } = await charter.ok(
      charter.get<{ items: Array<{ action: string; subject: string; data: { digest?: string } }> }>(
        'audit',
        authorized,
      ),
    );
    const audited = items.filter(({ subject }) => subject === revocation.id);
    expect(audited.map(({ action }) => action)).toEqual(['revocation.completed', 'revocation.requested']);
    expect(audited[0]?.data.digest).toBe(revocation.proof?.digest);
  });

  test('stays open while a holder still has data, and completes by itself once it is gone', async () => {
    const asked = { reason: 'collected without consent', scope: { metric: 'shoe_size' } };
    const { id, ...first } = await charter.ok(charter.post<Revocation>('revocations', asked, authorized), 201);
    expect(first).toMatchObject({
      status: 'incomplete',
      proof: { removals: [{}, { holder: 'prometheus', remaining: 1 }] },
    });
    prometheus.allowDeletion();
    await expect
      .poll(() => charter.ok(charter.get<Revocation>(`revocations/${id}`, authorized)))
      .toMatchObject({ status: 'completed', proof: { removals: [{}, { removed: 1, remaining: 0 }] } });
  });

  test.each([{ scope: {} }, { scope: 'all' }, { reason: '' }])('with %j is refused', async (change) => {
    const asked = { reason: 'x', scope: { metric: 'm' }, ...change };
    expect(await charter.post('revocations', asked, authorized)).toMatchObject({ status: 400 });
  });
});
