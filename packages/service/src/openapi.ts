import { Problem } from '@charter/shared/contracts';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { z } from 'zod';
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts';
import { role } from './role.ts';

const problemResponse = {
  description: 'Problem (RFC 9457)',
  content: { 'application/problem+json': { schema: jsonSchemaOf(Problem, 'output') } },
};

const part = (schema: unknown): JsonSchema | undefined =>
  schema instanceof z.core.$ZodType ? jsonSchemaOf(schema, 'input') : undefined;

function responsesOf(declared: unknown): Record<string, unknown> {
  const responses: Record<string, unknown> = {};
  for (const [status, schema] of Object.entries(declared ?? {})) {
    if (schema instanceof z.core.$ZodType && Number(status) < 400) responses[status] = jsonSchemaOf(schema, 'output');
  }
  return { ...responses, default: problemResponse };
}

/** Serves `/openapi.json` and `/docs`. Each operation names its role as `x-role` and, if it needs one, `security`. */
export async function documentApi(app: FastifyInstance, service: string, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: `Charter: ${service}`, version },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    },
    transform: ({ schema, url, route }) => {
      const { querystring, body, params, headers, response, ...rest } = schema ?? ({} as FastifySchema);
      const needed = route.config?.role;
      const transformed: Record<string, unknown> = {
        ...rest,
        ...(needed === undefined ? { hide: true } : { 'x-role': needed }),
        security: needed === 'none' ? [] : [{ bearer: [] }],
        response: responsesOf(response),
      };
      for (const [name, value] of Object.entries({ querystring, body, params, headers })) {
        const json = part(value);
        if (json) transformed[name] = json;
      }
      return { schema: transformed as FastifySchema, url };
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
  let document: string | undefined;
  app.get(
    '/openapi.json',
    {
      config: role('none'),
      schema: { summary: 'This document', tags: ['operations'], querystring: z.looseObject({}) } as FastifySchema,
    },
    async (_request, reply) => {
      document ??= JSON.stringify(app.swagger());
      return reply.type('application/json').send(document);
    },
  );
}
