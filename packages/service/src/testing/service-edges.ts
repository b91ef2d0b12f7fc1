import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpApp } from '../http.ts';
import { droppingObjects } from '../json-schema.ts';
import { expectProblem, problemOf } from './expect-problem.ts';
import { type DocumentedOperation, operationsOf, urlOf } from './operations.ts';
import { brokenBodies, sampleOf, takesMore } from './samples.ts';

const json = { 'content-type': 'application/json' };
const unknownIds = [
  '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  'no-such-thing',
  '0',
  '\u0000',
  '../..',
  "' or 1=1 --",
  'x'.repeat(250),
];

export interface EdgeOptions {
  /** Largest body the app takes, in bytes; 1 MiB unless it says otherwise. */
  readonly bodyLimitBytes?: number;
  /** Operations left out of requests that may reach their handler, such as `POST /api/v1/cycles`. */
  readonly skipHandlers?: readonly string[];
}

/**
 * Registers tests that walk a service's OpenAPI document and send what clients get wrong: unknown fields and
 * parameters, broken and oversized bodies, other media types, values of every wrong type, unknown ids. Every answer
 * must be below 500, and every refusal problem+json. Runs on the app without authentication.
 */
export function describeServiceEdges(buildApp: () => Promise<HttpApp>, options: EdgeOptions = {}): void {
  describe('edges of the service', () => {
    let app: HttpApp;
    let operations: DocumentedOperation[];
    beforeAll(async () => {
      app = await buildApp();
      operations = await operationsOf(app);
    });
    afterAll(() => app.close());

    const withBody = () => operations.filter(({ body }) => body !== undefined);
    const reaching = () => operations.filter(({ title }) => !options.skipHandlers?.includes(title));

    async function expectRefusedOrDone(operation: DocumentedOperation, url: string, payload?: unknown): Promise<void> {
      const { method, title } = operation;
      const hasBody = payload !== undefined;
      const answer = await app.inject({
        method,
        url,
        ...(hasBody ? { headers: json, payload: JSON.stringify(payload) } : {}),
      });
      const sent = `${title} at ${url} with ${JSON.stringify(payload)?.slice(0, 200) ?? 'no body'}`;
      expect(answer.statusCode, `${sent}: ${answer.body}`).toBeLessThan(500);
      if (answer.statusCode >= 400) problemOf(answer);
    }

    test('unknown query parameters are refused', async () => {
      for (const operation of operations) {
        const { method, title, body } = operation;
        const answer = await app.inject({ method, url: `${urlOf(operation)}?no-such-parameter=1` });
        const { errors } = expectProblem(answer, 'request-invalid');
        if (body === undefined)
          expect(
            errors.map(({ pointer }) => pointer),
            title,
          ).toContain('/no-such-parameter');
      }
    });

    test('no body drops unknown fields, at any depth', () => {
      const dropping = withBody().flatMap(({ title, body = {} }) =>
        droppingObjects(body).map((at) => `${title} ${at}`),
      );
      expect(dropping).toEqual([]);
    });

    test('unknown fields of bodies are refused', async () => {
      for (const operation of withBody()) {
        const { method, title, body = {} } = operation;
        if (body.type !== 'object' || takesMore(body)) continue;
        const payload = JSON.stringify({ ...Object(sampleOf(body)), noSuchField: 1 });
        const answer = await app.inject({ method, url: urlOf(operation), headers: json, payload });
        const { errors } = expectProblem(answer, 'request-invalid');
        expect(
          errors.map(({ pointer }) => pointer),
          title,
        ).toContain('/noSuchField');
      }
    });

    test('bodies that are no JSON, too large, or of another media type are refused', async () => {
      const large = JSON.stringify('x'.repeat(options.bodyLimitBytes ?? 1024 * 1024));
      for (const operation of withBody()) {
        const { method } = operation;
        const url = urlOf(operation);
        expectProblem(await app.inject({ method, url, headers: json, payload: '{"cut":' }), 'request-invalid');
        expectProblem(await app.inject({ method, url, headers: json, payload: large }), 'body-too-large');
        const other = { 'content-type': 'application/x-www-form-urlencoded' };
        expectProblem(await app.inject({ method, url, headers: other, payload: 'a=1' }), 'media-type-unsupported');
      }
    });

    test('values of wrong types never break a handler', async () => {
      for (const operation of reaching()) {
        const { body } = operation;
        if (body === undefined) continue;
        for (const payload of [null, 1, 'text', [], {}, ...brokenBodies(body)]) {
          await expectRefusedOrDone(operation, urlOf(operation), payload);
        }
      }
    });

    test('unknown and hostile ids never break a handler', async () => {
      for (const operation of reaching()) {
        if (!operation.path.includes('{')) continue;
        const payload = operation.body === undefined ? undefined : sampleOf(operation.body);
        for (const id of unknownIds) await expectRefusedOrDone(operation, urlOf(operation, id), payload);
      }
    });

    test('hostile cursors and page sizes never break a list', async () => {
      for (const operation of reaching()) {
        const names = operation.parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
        if (!names.includes('cursor') || !names.includes('limit')) continue;
        for (const query of [
          'cursor=no-such-cursor',
          'cursor=%00',
          "cursor='",
          `cursor=${'x'.repeat(200)}`,
          'cursor=',
        ]) {
          await expectRefusedOrDone(operation, `${urlOf(operation)}?${query}`);
        }
        for (const query of ['limit=0', 'limit=-1', 'limit=1e9', 'limit=all', 'limit=1&limit=2']) {
          const url = `${urlOf(operation)}?${query}`;
          expectProblem(await app.inject({ method: operation.method, url }), 'request-invalid');
        }
      }
    });
  });
}
