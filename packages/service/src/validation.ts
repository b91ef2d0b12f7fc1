import { CharterError } from '@charter/shared/contracts';
import type { FastifyRequest, FastifySchemaCompiler, RouteOptions } from 'fastify';
import type { FastifySerializerCompiler } from 'fastify/types/schema.js';
import { z } from 'zod';
import { droppingObjects, jsonSchemaOf } from './json-schema.ts';
import { pointerOf, pointersFrom } from './problem.ts';

const places: Readonly<Record<string, string>> = {
  body: 'The body',
  querystring: 'The query',
  params: 'The path',
  headers: 'The headers',
};

/** Validates each part of a request with its zod schema; failures carry a pointer per issue. */
export const validatorCompiler: FastifySchemaCompiler<z.core.$ZodType> =
  ({ schema, httpPart }) =>
  (data: unknown) => {
    const parsed = z.safeParse(schema, data);
    if (parsed.success) return { value: parsed.data };
    const place = places[httpPart ?? 'body'] ?? 'The request';
    return {
      error: new CharterError('request-invalid', `${place} does not match its contract`, {
        errors: pointersFrom(parsed.error),
      }),
    };
  };

/** One-way transforms cannot be encoded back: such answers are written as they are. */
function isReversible(schema: z.core.$ZodType): boolean {
  try {
    z.toJSONSchema(schema, { io: 'output' });
    return true;
  } catch {
    return false;
  }
}

/** Writes an answer through its schema, so that fields it does not declare never leave. A mismatch is a bug: 500. */
export const serializerCompiler: FastifySerializerCompiler<z.core.$ZodType> = ({ schema, method, url }) => {
  if (!isReversible(schema)) return JSON.stringify;
  return (data: unknown) => {
    const encoded = z.safeEncode(schema, data as never);
    if (encoded.success) return JSON.stringify(encoded.data);
    const reasons = pointersFrom(encoded.error).map(({ pointer, detail }) => `${pointer} ${detail}`);
    throw new Error(`Answer of ${method} ${url} does not match its schema: ${reasons.join('; ')}`);
  };
};

const hasFields = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Buffer.isBuffer(value) && Object.keys(value).length > 0;

/** Refuses a query or body on a route that declares none. */
export async function refuseUndeclared(request: FastifyRequest): Promise<void> {
  const { schema, config } = request.routeOptions;
  if (config.role === undefined || config.page) return;
  for (const [part, value, declared] of [
    ['query', request.query, schema?.querystring],
    ['body', request.body, schema?.body],
  ] as const) {
    if (declared !== undefined || !hasFields(value)) continue;
    throw new CharterError('request-invalid', `This route takes no ${part}`, {
      errors: Object.keys(value).map((key) => ({ pointer: pointerOf([key]), detail: 'Unknown field' })),
    });
  }
}

/** Refuses at start a route whose query or body would drop unknown fields. */
export function requireStrictSchemas({ method, url, schema }: RouteOptions): void {
  for (const part of ['querystring', 'body', 'params'] as const) {
    const declared = schema?.[part];
    if (declared === undefined) continue;
    const route = `${String(method)} ${url}: the schema of its ${part}`;
    if (!(declared instanceof z.core.$ZodType)) throw new Error(`${route} is no zod schema`);
    if (part !== 'params' && droppingObjects(jsonSchemaOf(declared, 'input')).includes('')) {
      throw new Error(`${route} drops unknown fields: use z.strictObject, or z.looseObject where more may come`);
    }
  }
}
