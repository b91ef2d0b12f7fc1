import { openTransport, type Transport } from '@charter/queue';
import { testPrefix } from '@charter/queue/testing';
import { createRegistry, type RunningService } from '@charter/service';
import { cycleQueue, type TimelineEntry, timelineQueue } from '@charter/shared/contracts';
import { newId, openStore, type Store } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startOrchestrator } from '../src/service.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let replicas: RunningService[];
let stage: Store<Record<never, never>>;
let transport: Transport;
const cycles: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  const prefix = testPrefix();
  const environment = {
    DATABASE_URL: database.url,
    REDIS_URL: inject('redisUrl'),
    CHARTER_QUEUE_PREFIX: prefix,
    CHARTER_CYCLE_INTERVAL: '1s',
    ORCHESTRATOR_INCIDENT_DEADLINE: '10s',
    LOG_LEVEL: 'silent',
    PORT: '0',
  };
  replicas = [await startOrchestrator(environment), await startOrchestrator(environment)];
  stage = await openStore({ url: database.url, schema: 'stage', migrations: {} });
  transport = openTransport({
    app: 'stage',
    store: stage,
    redisUrl: inject('redisUrl'),
    registry: createRegistry('monitor'),
    prefix,
    onError: () => undefined,
  });
  transport.consume(cycleQueue, (message) => stage.consume(message, async () => void cycles.push(message.data.id)));
});

afterAll(async () => {
  await transport.close();
  await Promise.all(replicas.map((replica) => replica.close()));
  await stage.close();
  await database.drop();
});

async function get<Body>(path: string, replica = 0): Promise<Body> {
  const response = await fetch(`${replicas[replica]?.url}/api/v1/${path}`);
  expect(response.status, path).toBe(200);
  return (await response.json()) as Body;
}

const post = (path: string, body: unknown = {}, replica = 0) =>
  fetch(`${replicas[replica]?.url}/api/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

function say(incidentId: string, event: TimelineEntry['event'], at: Date, data: TimelineEntry['data'] = {}) {
  const entry: TimelineEntry = { incidentId, stage: 'monitor', event, at: at.toISOString(), text: `${event}.`, data };
  return stage.transaction((tx) => tx.enqueue(timelineQueue, entry, { incidentId }));
}

interface IncidentView {
  state: string;
  escalatedAt: string | null;
  timeline: Array<{ event: string }>;
}

describe('cycles', () => {
  test('come once an interval, however many replicas there are', async () => {
    await expect.poll(() => cycles.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(3);
    const { items } = await get<{ items: Array<{ id: string; requestedAt: string; trigger: string }> }>('cycles');
    const seconds = items
      .filter(({ trigger }) => trigger === 'schedule')
      .map((cycle) => Date.parse(cycle.requestedAt) / 1_000);
    expect(new Set(seconds.map(Math.floor)).size).toBe(seconds.length);
    expect(new Set(cycles).size).toBe(cycles.length);
  });

  test('can be asked for at once', async () => {
    const response = await post('cycles');
    expect(response.status).toBe(202);
    const { id } = (await response.json()) as { id: string };
    await expect.poll(() => cycles).toContain(id);
    expect(await get(`cycles/${id}`)).toMatchObject({ id, trigger: 'manual', timeline: [] });
  });
});

describe('incidents', () => {
  test('follow what the stages say, also when a later word arrives first', async () => {
    const incidentId = newId();
    const opened = new Date();
    await say(incidentId, 'analyzed', new Date(opened.getTime() + 1), {
      rootCause: { component: 'db', metric: 'steal', confidence: 0.8 },
    });
    await say(incidentId, 'incident-opened', opened, { component: 'db', environment: 'test', severity: 'critical' });
    await expect
      .poll(() => get<IncidentView>(`incidents/${incidentId}`).catch(() => null))
      .toMatchObject({ state: 'analyzed', component: 'db', severity: 'critical', rootCause: { metric: 'steal' } });
  });

  test('past their deadline go to a person, once', async () => {
    const incidentId = newId();
    await say(incidentId, 'incident-opened', new Date(Date.now() - 60_000), { component: 'api', environment: 'test' });
    await expect
      .poll(
        () =>
          get<IncidentView>(`incidents/${incidentId}`).then(
            (incident) => incident.timeline.map(({ event }) => event),
            () => [],
          ),
        {
          timeout: 10_000,
        },
      )
      .toEqual(['incident-opened', 'escalated']);
    expect((await get<IncidentView>(`incidents/${incidentId}`)).escalatedAt).not.toBeNull();
  });

  test('an id that nobody knows is not found', async () => {
    const response = await fetch(`${replicas[0]?.url}/api/v1/incidents/${newId()}`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'not-found' });
  });
});

describe('the event stream', () => {
  test('goes on after the last event a reader has seen', async () => {
    const incidentId = newId();
    const abort = new AbortController();
    const response = await fetch(`${replicas[1]?.url}/api/v1/events`, {
      headers: { 'last-event-id': '0' },
      signal: abort.signal,
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    await say(incidentId, 'incident-opened', new Date(), { component: 'cache', environment: 'test' });
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes(incidentId)) break;
    }
    abort.abort();
    expect(text).toMatch(/id: \d+\nevent: timeline\ndata: \{/);
  });
});

describe('the kill switch', () => {
  const permit = async (replica = 0) =>
    (await (await post('permits', { executionId: 'e1', group: 'shop' }, replica)).json()) as {
      granted: boolean;
      reason: string;
    };

  test('stops permits on every replica until somebody resumes', async () => {
    expect(await permit()).toMatchObject({ granted: true });
    expect((await post('pause', { reason: 'release night' })).status).toBe(200);
    expect(await permit(1)).toMatchObject({ granted: false, reason: expect.stringContaining('release night') });
    expect(await get('state', 1)).toMatchObject({ paused: true });
    expect((await post('resume', {}, 1)).status).toBe(200);
    expect(await permit()).toMatchObject({ granted: true });
  });

  test('stops one group alone', async () => {
    await post('pause', { scope: 'group', name: 'shop', reason: 'moving house' });
    expect(await permit()).toMatchObject({ granted: false });
    expect(await get('state')).toMatchObject({ paused: false, pauses: 1 });
    await post('resume', { scope: 'group', name: 'shop' });
    expect(await permit()).toMatchObject({ granted: true });
  });

  test.each([
    [{ scope: 'group' }, 400],
    [{ scope: 'universe' }, 400],
    [{ reason: 'x', extra: 1 }, 400],
  ])('refuses %j', async (body, status) => {
    expect((await post('pause', body)).status).toBe(status);
  });
});

describe('settings', () => {
  test('changed by a person hold on every replica', async () => {
    const response = await fetch(`${replicas[0]?.url}/api/v1/config`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ incidentDeadlineSeconds: 20 }),
    });
    expect(response.status).toBe(200);
    expect(await get('config', 1)).toEqual({ cycleIntervalSeconds: 1, incidentDeadlineSeconds: 20 });
  });
});
