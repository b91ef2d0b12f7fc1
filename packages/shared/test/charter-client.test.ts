import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import {
  createCharterClient,
  type FollowedPack,
  followPack,
  type ParsedPack,
  parsePackDocuments,
} from '../src/charter-client/index.ts';
import type { ActivePack, Decision } from '../src/contracts/index.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const servers: Server[] = [];
const followers: FollowedPack[] = [];
afterEach(async () => {
  for (const follower of followers.splice(0)) await follower.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

async function charterThat(handle: Handler): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    handle(request, response, Buffer.concat(chunks).toString());
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address ? `http://127.0.0.1:${String(address.port)}` : '';
}

function answer(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(status === 304 ? undefined : JSON.stringify(body));
}

const decision: Decision = {
  effect: 'allow',
  reasons: [],
  obligations: { quorum: 1 },
  automation: 'auto',
  policyVersion: '3',
  decisionId: 'd1',
  decidedAt: '2026-01-01T00:00:00.000Z',
};

test('a decision is asked with key and trace, and comes back as its contract says', async () => {
  let seen: unknown;
  const url = await charterThat((request, response, body) => {
    const { authorization, traceparent } = request.headers;
    seen = { method: request.method, url: request.url, authorization, traceparent, body: JSON.parse(body) };
    answer(response, 200, decision);
  });
  const client = createCharterClient({ url, apiKey: 'k' });
  expect(await client.decide({ action: 'SCALE_UP', target: 'api' }, { traceparent: '00-a-b-01' })).toEqual(decision);
  expect(seen).toEqual({
    method: 'POST',
    url: '/api/v1/decisions',
    authorization: 'Bearer k',
    traceparent: '00-a-b-01',
    body: { action: 'SCALE_UP', target: 'api' },
  });
});

test.each<[string, Handler]>([
  ['an error', (_request, response) => answer(response, 500, {})],
  ['a page', (_request, response) => response.end('<html>')],
  [
    'half an answer',
    (_request, response) => response.writeHead(200, { 'content-length': '100' }).end('{"effect":"allow"'),
  ],
  ['another shape', (_request, response) => answer(response, 200, { effect: 'allow' })],
  ['an effect that does not exist', (_request, response) => answer(response, 200, { ...decision, effect: 'maybe' })],
  ['a redirect', (_request, response) => answer(response, 307, {}, { location: 'http://127.0.0.1:1/' })],
  ['a cut connection', (request) => request.socket.destroy()],
  ['silence', () => undefined],
])('%s instead of a decision is a denial', async (_what, handle) => {
  const client = createCharterClient({ url: await charterThat(handle), timeoutMs: 200 });
  expect(await client.decide({ action: 'SCALE_UP' })).toMatchObject({
    effect: 'deny',
    automation: 'observe',
    reasons: [{ effect: 'deny', text: expect.stringMatching(/^charter did not answer: /) }],
  });
});

test('no charter at all, and a broken address, are denials', async () => {
  const url = await charterThat(() => undefined);
  servers[0]?.close();
  expect((await createCharterClient({ url }).decide({ action: 'SCALE_UP' })).effect).toBe('deny');
  expect((await createCharterClient({ url: 'nonsense' }).decide({ action: 'SCALE_UP' })).effect).toBe('deny');
});

test('the other calls fail with the code of the charter, or as unavailable', async () => {
  const problem = {
    type: 't',
    title: 't',
    status: 409,
    detail: 'already decided',
    instance: '/',
    code: 'conflict',
    errors: [],
    traceId: '',
  };
  let authorization: string | undefined;
  const url = await charterThat((request, response) => {
    authorization = request.headers.authorization;
    if (request.url?.endsWith('/approve')) answer(response, 409, problem);
    else request.socket.destroy();
  });
  const client = createCharterClient({ url, apiKey: 'own' });
  const vote = client.vote('a1', { vote: 'approve' }, { authorization: 'Bearer person' });
  await expect(vote).rejects.toMatchObject({ code: 'conflict', message: 'already decided' });
  expect(authorization).toBe('Bearer person');
  await expect(client.approval('a1')).rejects.toMatchObject({ code: 'upstream-unavailable', retryable: true });
});

const head = { apiVersion: 'charter/v1', metadata: { name: 'n' } };
const rule = { ...head, kind: 'Rule', query: 'up', metric: 'up', threshold: 1, for: '15s' };
const window = { ...head, kind: 'Window', type: 'freeze', weekly: { days: ['sat'], start: '00:00', end: '23:59' } };
const packOf = (id: string, documents: ActivePack['documents']): ActivePack => ({
  id,
  name: 'demo',
  version: id,
  environment: 'production',
  activatedAt: '2026-01-01T00:00:00.000Z',
  documents,
  policies: ['p'],
});

test('pack documents are sorted by kind with durations in seconds, and policies are left out', () => {
  const parts = parsePackDocuments([rule, { kind: 'Policy', anything: true }, window]);
  expect(parts.rules).toMatchObject([{ kind: 'Rule', for: 15, comparator: '>' }]);
  expect(parts.windows).toHaveLength(1);
  expect([parts.targets, parts.strategies]).toEqual([[], []]);
});

test('every error of every document is pointed at', () => {
  const documents = [rule, { ...rule, threshold: 'high' }, { ...window, type: 'party', extra: 1 }];
  expect(() => parsePackDocuments(documents)).toThrow(
    expect.objectContaining({
      code: 'document-invalid',
      errors: expect.arrayContaining([
        expect.objectContaining({ pointer: '/1/threshold' }),
        expect.objectContaining({ pointer: '/2/type' }),
      ]),
    }),
  );
});

test('a new pack is taken in, an unchanged one is not asked for twice, and a broken one leaves the last good one', async () => {
  let active = packOf('1', [rule]);
  let isDown = false;
  const statuses: number[] = [];
  const url = await charterThat((request, response) => {
    if (isDown) return request.socket.destroy();
    const status = request.headers['if-none-match'] === `"${active.id}"` ? 304 : 200;
    statuses.push(status);
    answer(response, status, active, { etag: `"${active.id}"` });
  });
  const taken: ParsedPack[] = [];
  const pack = followPack({ client: createCharterClient({ url }), intervalMs: 5, onPack: (next) => taken.push(next) });
  followers.push(pack);
  await expect.poll(() => statuses).toContain(304);
  expect(pack.current()).toMatchObject({ id: '1', version: '1', rules: [{ metric: 'up' }] });

  active = packOf('2', [{ ...rule, threshold: 'high' }]);
  await expect.poll(() => statuses.slice(-2)).toEqual([304, 304]);
  expect(pack.current()?.id).toBe('1');

  isDown = true;
  await pack.refresh();
  expect(pack.current()?.id).toBe('1');

  isDown = false;
  active = packOf('3', [rule, window]);
  await expect.poll(() => pack.current()?.id).toBe('3');
  expect(taken.map(({ id }) => id)).toEqual(['1', '3']);
});

test('a pack that its reader could not take is offered again, and none is asked for after close', async () => {
  const url = await charterThat((_request, response) => answer(response, 200, packOf('1', [rule])));
  let offers = 0;
  const onPack = () => {
    offers += 1;
    if (offers === 1) throw new Error('not now');
  };
  const pack = followPack({ client: createCharterClient({ url }), intervalMs: 5, onPack });
  await expect(pack.ready()).rejects.toThrow('no pack');
  await expect.poll(() => pack.current()?.id).toBe('1');
  await pack.ready();
  await pack.close();
  expect(offers).toBe(2);
});

test('without an active pack there is none, and that is no failure', async () => {
  const problem = {
    type: 't',
    title: 't',
    status: 404,
    detail: 'none',
    instance: '/',
    code: 'not-found',
    errors: [],
    traceId: '',
  };
  const url = await charterThat((_request, response) => answer(response, 404, problem));
  expect(await createCharterClient({ url }).activePack()).toEqual({ kind: 'none' });
});
