import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Recommendation } from '@charter/shared/contracts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { outcomeOf } from './fixtures.ts';
import { type Loop, startLoop } from './loop.ts';

let loop: Loop;
let folder: string;
let asked: Array<{
  authorization: string | undefined;
  body: { model: string; messages: Array<{ content: string }>; tools?: unknown };
}> = [];
let drafted = 'Restart the ledger [1].';

const pack = {
  id: 'pack-1',
  name: 'shop',
  version: '1',
  environment: 'test',
  activatedAt: '2026-01-01T00:00:00.000Z',
  policies: [],
  documents: [
    {
      apiVersion: 'charter/v1',
      kind: 'Rule',
      metadata: { name: 'stuck' },
      query: 'up',
      metric: 'ledger_lag_seconds',
      threshold: 1,
    },
    {
      apiVersion: 'charter/v1',
      kind: 'Strategy',
      metadata: { name: 'drain-ledger', description: 'a ledger that lags is drained' },
      match: { metrics: ['ledger_lag_seconds'] },
      actions: [{ action: 'REBALANCE_LOAD' }],
    },
  ],
};

/** The charter (its pack and its decisions) and an endpoint for summaries, on the boundary. */
const neighbor = createServer((request, response) => void answer(request, response));
let mayLeave = true;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  const reply = (body: unknown) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  if (request.url?.endsWith('/packs/active')) return reply(pack);
  if (request.url?.endsWith('/decisions')) {
    return reply({
      effect: mayLeave ? 'allow' : 'deny',
      reasons: [],
      obligations: {},
      automation: 'observe',
      policyVersion: '1',
      decisionId: 'd',
      decidedAt: new Date().toISOString(),
    });
  }
  if (request.url === '/v1/chat/completions') {
    asked.push({ authorization: request.headers.authorization, body: JSON.parse(text) });
    return reply({ choices: [{ message: { role: 'assistant', content: drafted } }] });
  }
  return reply({ items: [], global: null, nextCursor: null });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'charter-runbooks-'));
  await writeFile(
    join(folder, 'LedgerLag.md'),
    '# LedgerLag\n\nThe ledger_lag_seconds of a ledger grows.\n\n## What to do\nDrain it first.\n',
  );
  await writeFile(
    join(folder, 'Certificates.md'),
    '# Certificates\n\nA certificate expires soon; renew it at the edge.\n',
  );
  await writeFile(join(folder, 'Disks.md'), '# Disks\n\nA disk is nearly full; remove old segments.\n');
  await writeFile(join(folder, 'key'), 'secret-key\n');
  await new Promise<void>((resolve) => neighbor.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${String((neighbor.address() as AddressInfo).port)}`;
  loop = await startLoop(
    { postgresUrl: inject('postgresUrl'), redisUrl: inject('redisUrl') },
    {
      CHARTER_URL: url,
      KNOWLEDGE_RUNBOOKS: folder,
      KNOWLEDGE_SUMMARY_URL: `${url}/v1`,
      KNOWLEDGE_SUMMARY_MODEL: 'small',
      KNOWLEDGE_SUMMARY_KEY_FILE: join(folder, 'key'),
    },
  );
});
afterAll(async () => {
  await loop.close();
  neighbor.closeAllConnections();
  neighbor.close();
  await rm(folder, { recursive: true, force: true });
});

const lagging = outcomeOf({
  component: 'ledger',
  strategy: 'restart-ledger',
  rootCause: { component: 'ledger', metric: 'ledger_lag_seconds', confidence: 0.9 },
});
interface Similar {
  items: unknown[];
  passages: Array<{ source: string; title: string; strategy: string | null }>;
}
const similar = () => loop.get<Similar>(`similar?incident=${lagging.incidentId}`);

describe('passages beside similar incidents', () => {
  test('come from the runbooks and from the pack, with their sources', async () => {
    await loop.learn(lagging);
    const sources = async () => (await similar()).passages.map(({ source }) => source);
    await expect.poll(sources, { timeout: 15_000 }).toContain('strategy drain-ledger');
    expect(await sources()).toContain('LedgerLag.md');
    expect(await sources()).not.toContain('Certificates.md');
  });

  test('follow what is written: a page that is gone is found no more, a new one is', async () => {
    await rm(join(folder, 'LedgerLag.md'));
    await writeFile(join(folder, 'Ledger.md'), '# Ledger\n\nWhen ledger_lag_seconds of the ledger grows, drain it.\n');
    const sources = async () => (await similar()).passages.map(({ source }) => source);
    await expect.poll(sources, { timeout: 20_000 }).toContain('Ledger.md');
    expect(await sources()).not.toContain('LedgerLag.md');
  });

  test('are a small prior for the planner, with the reason', async () => {
    const answer = await loop.get('recommendations?rootCause=ledger_lag_seconds&component=ledger');
    const { passages } = Recommendation.parse(answer);
    expect(passages).toContainEqual({
      strategy: 'drain-ledger',
      shift: 0.05,
      reason: 'strategy drain-ledger is written for it',
    });
  });
});

describe('a summary', () => {
  const summary = () => fetch(`${loop.url()}/api/v1/similar/summary?incident=${lagging.incidentId}`);

  test('is drafted from retrieved passages alone and cites them', async () => {
    const response = await summary();
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      summary: 'Restart the ledger [1].',
      model: 'small',
      citations: [{ number: 1 }],
      redacted: [],
    });
    const [question] = asked;
    expect(question?.authorization).toBe('Bearer secret-key');
    expect(question?.body.tools).toBeUndefined();
    expect(question?.body.messages[1]?.content).toContain('ledger_lag_seconds');
  });

  test('says nothing of signals that the charter does not let out', async () => {
    mayLeave = false;
    asked = [];
    const response = await summary();
    expect(await response.json()).toMatchObject({ redacted: ['ledger_lag_seconds'] });
    expect(JSON.stringify(asked)).not.toContain('ledger_lag_seconds');
    expect(JSON.stringify(asked)).toContain('[redacted]');
    mayLeave = true;
  });

  test('that cites nothing is refused', async () => {
    drafted = 'I know it all by heart [99].';
    expect((await summary()).status).toBe(503);
    drafted = 'Restart the ledger [1].';
  });
});

test('what was learned comes back whole from an export', async () => {
  await loop.learn(...Array.from({ length: 4 }, () => outcomeOf({ policy: 'shop-automation' })));
  const { items } = await loop.get<{ items: Array<Record<string, unknown>> }>('outcomes?limit=200');
  const exported = items.map(({ revisions: _revisions, ...outcome }) => outcome);
  const other = await startLoop(
    { postgresUrl: inject('postgresUrl'), redisUrl: inject('redisUrl') },
    { KNOWLEDGE_RUNBOOKS: folder },
  );
  const answer = await other.post('outcomes/import', { items: exported });
  expect(await answer.json()).toEqual({ learned: exported.length, known: 0 });
  const question = 'recommendations?rootCause=latency_p95_seconds&component=cache';
  const [there, here] = [
    Recommendation.parse(await other.get(question)),
    Recommendation.parse(await loop.get(question)),
  ];
  expect(there.best?.trials).toBe(4);
  const rounded = (of: Recommendation): unknown =>
    JSON.parse(
      JSON.stringify({ ...of, passages: [] }, (_key, value) =>
        typeof value === 'number' ? Number(value.toFixed(6)) : value,
      ),
    );
  expect(rounded(there)).toEqual(rounded(here));
  type Earned = { items: Array<{ policy: string; observed: number; cases: number; mode: string }> };
  const earned = async (of: Loop) =>
    (await of.get<Earned>('autonomy?policy=shop-automation')).items.map(({ policy, cases, mode }) => ({
      policy,
      cases,
      mode,
    }));
  expect(await earned(other)).toEqual(await earned(loop));
  expect(await earned(other)).toMatchObject([{ policy: 'shop-automation', cases: 4 }]);
  await other.close();
});

test('without an endpoint there is no summary, and everything else works', async () => {
  const other = await startLoop({ postgresUrl: inject('postgresUrl'), redisUrl: inject('redisUrl') });
  const response = await fetch(`${other.url()}/api/v1/similar/summary?incident=${lagging.incidentId}`);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ detail: expect.stringContaining('KNOWLEDGE_SUMMARY_URL') });
  await other.close();
});
