import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testPrefix } from '@charter/queue/testing';
import { createTestDatabase } from '@charter/store/testing';
import { expect, inject } from 'vitest';
import { startCharter } from '../src/service.ts';

type Charter = Awaited<ReturnType<typeof startCharter>>;

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** A charter on a database of its own, started as often as a test wants replicas. */
export async function charterFixture(settings: Readonly<Record<string, string>> = {}) {
  const database = await createTestDatabase(inject('postgresUrl'));
  const stateDir = await mkdtemp(join(tmpdir(), 'charter-state-'));
  const running: Charter[] = [];
  const environment = {
    DATABASE_URL: database.url,
    REDIS_URL: inject('redisUrl'),
    CHARTER_QUEUE_PREFIX: testPrefix(),
    CHARTER_STATE_DIR: stateDir,
    CHARTER_ENVIRONMENT: 'test',
    LOG_LEVEL: 'silent',
    PORT: '0',
    ...settings,
  };

  async function start(more: Readonly<Record<string, string>> = {}): Promise<Charter> {
    const charter = await startCharter({ ...environment, ...more });
    running.push(charter);
    return charter;
  }

  const first = await start();

  async function call<Body = unknown>(
    method: string,
    path: string,
    body?: unknown,
    { headers = {}, at = first }: { headers?: Record<string, string>; at?: Charter } = {},
  ): Promise<Answer<Body>> {
    const isText = typeof body === 'string';
    const response = await fetch(`${at.url}${path.startsWith('/') ? path : `/api/v1/${path}`}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'content-type': isText ? 'application/yaml' : 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson =
      /^application\/(problem\+)?json(;|$)/.test(response.headers.get('content-type') ?? '') && text !== '';
    return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as Body };
  }

  return {
    database,
    stateDir,
    first,
    start,
    call,
    get: <Body = unknown>(path: string, options: Parameters<typeof call>[3] = {}) =>
      call<Body>('GET', path, undefined, options),
    post: <Body = unknown>(path: string, body: unknown = {}, options: Parameters<typeof call>[3] = {}) =>
      call<Body>('POST', path, body, options),
    /** The answer's body, once the status is checked. */
    async ok<Body>(answer: Promise<Answer<Body>>, status = 200): Promise<Body> {
      const { status: got, body } = await answer;
      expect(got, JSON.stringify(body)).toBe(status);
      return body;
    },
    async close() {
      await Promise.all(running.map((charter) => charter.close()));
      await database.drop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
export type Fixture = Awaited<ReturnType<typeof charterFixture>>;

export const shopPack = `apiVersion: charter/v1
kind: Target
metadata: {name: checkout}
class: service
group: shop
effector: {kind: process, supervisorUrl: "http://127.0.0.1:1"}
actions: [RESTART_SERVICE, SCALE_UP]
---
apiVersion: charter/v1
kind: Rule
metadata: {name: checkout-slow}
query: latency
component: checkout
metric: latency_p95
threshold: 1
for: 15s
---
apiVersion: charter/v1
kind: Strategy
metadata: {name: restart}
match: {rules: [checkout-slow]}
actions:
  - {action: RESTART_SERVICE, target: checkout}
---
apiVersion: charter/v1
kind: Window
metadata: {name: release-night}
type: freeze
targets: [checkout]
from: "2020-01-01T00:00:00.000Z"
until: "2020-01-02T00:00:00.000Z"
---
apiVersion: charter/v1
kind: Policy
metadata: {name: shop, version: "1"}
rules:
  - id: heal-checkout
    effect: allow
    match: {actions: [SCALE_UP, RESTART_SERVICE], targets: [checkout]}
    when: plan.risk < 0.5
    automation: {max: auto}
    obligations: [{limit: {perHour: 4, blastRadius: 50%}}]
  - id: ask-first
    effect: require-approval
    match: {actions: [RESTART_SERVICE], targets: [checkout]}
    when: plan.risk >= 0.5
    automation: {max: approve}
    obligations: [{approvers: sre, quorum: 2, within: 10m}]
tests:
  - {name: small restart, request: {action: RESTART_SERVICE, target: checkout, plan: {risk: 0.1}}, expect: {effect: allow, rule: heal-checkout}}
`;
