import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CharterClient, createCharterClient } from '@charter/shared/charter-client';
import { ActivePack, Approval, type ApprovalRequest, Decision, pageOf } from '@charter/shared/contracts';
import { newId } from '@charter/store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { charterFixture, type Fixture } from './fixture.ts';

interface Schema {
  readonly $ref?: string;
  readonly required?: readonly string[];
}
interface Operation {
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, { content?: Record<string, { schema: Schema }> }>>;
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

const calls: Array<{ method: string; path: string }> = [];
const recorder = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '', 'http://localhost');
  calls.push({ method: (request.method ?? '').toLowerCase(), path: pathname });
  response.writeHead(500).end();
});
let charter: Fixture;
let document: OpenApi;
let client: CharterClient;

beforeAll(async () => {
  charter = await charterFixture();
  document = await charter.ok(charter.get<OpenApi>('/openapi.json'));
  recorder.listen(0, '127.0.0.1');
  await once(recorder, 'listening');
  const { port } = recorder.address() as AddressInfo;
  client = createCharterClient({ url: `http://127.0.0.1:${String(port)}` });
});
afterAll(async () => {
  recorder.close();
  await charter.close();
});

const question: ApprovalRequest = {
  planId: newId(),
  planHash: 'h',
  incidentId: newId(),
  title: 't',
  explanation: 'e',
  action: 'SCALE_UP',
  target: 'x',
  requestedBy: 'plan',
  obligations: {},
};

/** Every method of the client with the contract it reads answers by. */
const uses: { readonly [Method in keyof CharterClient]: readonly [() => Promise<unknown>, z.ZodType | null] } = {
  decide: [() => client.decide({ action: 'read' }), Decision],
  activePack: [() => client.activePack(), ActivePack],
  createApproval: [() => client.createApproval(question), Approval],
  approval: [() => client.approval(newId()), Approval],
  approvals: [() => client.approvals(), pageOf(Approval)],
  vote: [() => client.vote(newId(), { vote: 'approve' }), Approval],
  editApproval: [() => client.editApproval(newId(), { tighten: { quorum: 2 } }), Approval],
  withdraw: [() => client.withdraw(newId(), 'no'), Approval],
  snapshot: [() => client.snapshot(), null],
};

function operationOf({ method, path }: { method: string; path: string }): Operation | undefined {
  const [, operations] =
    Object.entries(document.paths).find(([template]) =>
      new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '[0-9A-Z]{26}')}$`).test(path),
    ) ?? [];
  return operations?.[method];
}

const requiredBy = (schema: Schema | undefined): readonly string[] => {
  const name = schema?.$ref?.split('/').at(-1);
  return (name === undefined ? schema : document.components?.schemas?.[name])?.required ?? [];
};

test.each(Object.entries(uses))(
  '%s asks what the OpenAPI document offers and reads what it promises',
  async (_method, [call, contract]) => {
    calls.length = 0;
    await call().catch(() => undefined);
    const [asked] = calls;
    const operation = asked && operationOf(asked);
    expect(operation, JSON.stringify(asked)).toBeDefined();
    expect(asked?.method === 'post').toBe(operation?.requestBody !== undefined);
    if (contract === null) return;
    const promised = requiredBy(operation?.responses['200']?.content?.['application/json']?.schema);
    const { required = [] } = z.toJSONSchema(contract, { unrepresentable: 'any' });
    expect(required.length).toBeGreaterThan(0);
    expect(promised).toEqual(expect.arrayContaining(required));
  },
);

test('the edit of an approval is described', () => {
  const edit = operationOf({ method: 'post', path: `/api/v1/approvals/${newId()}/edit` });
  expect(Object.keys(edit?.responses ?? {})).toEqual(expect.arrayContaining(['200', 'default']));
  expect(edit).toMatchObject({ description: expect.stringContaining('planHash'), requestBody: expect.anything() });
});
