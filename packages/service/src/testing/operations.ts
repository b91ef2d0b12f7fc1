import { z } from 'zod';
import type { HttpApp } from '../http.ts';
import type { JsonSchema } from '../json-schema.ts';
import { roles } from '../role.ts';
import { sampleOf } from './samples.ts';

const Json = z.custom<JsonSchema>((value) => typeof value === 'object' && value !== null);
const Media = z.object({ schema: Json.optional() });
const Operation = z.object({
  'x-role': z.enum([...roles, 'none']),
  tags: z.array(z.string()).default([]),
  parameters: z
    .array(z.object({ name: z.string(), in: z.string(), required: z.boolean().default(false), schema: Json }))
    .default([]),
  requestBody: z.object({ content: z.record(z.string(), Media) }).optional(),
});
const Document = z.object({ paths: z.record(z.string(), z.record(z.string(), Operation)) });

/** One operation of the OpenAPI document, as the helpers walk it. */
export interface DocumentedOperation {
  /** `POST /api/v1/plans/{id}` */
  readonly title: string;
  readonly method: 'DELETE' | 'GET' | 'HEAD' | 'OPTIONS' | 'PATCH' | 'POST' | 'PUT';
  readonly path: string;
  readonly role: z.infer<typeof Operation>['x-role'];
  readonly parameters: z.infer<typeof Operation>['parameters'];
  readonly body: JsonSchema | undefined;
}

const methods = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'] as const;

/** Every operation in the service's OpenAPI document except the probes that all services have. */
export async function operationsOf(app: HttpApp): Promise<DocumentedOperation[]> {
  const { paths } = Document.parse((await app.inject('/openapi.json')).json());
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([verb, operation]) => {
      const method = methods.find((known) => known === verb.toUpperCase());
      if (method === undefined || operation.tags.includes('operations')) return [];
      const body = operation.requestBody?.content['application/json']?.schema;
      const { parameters } = operation;
      return [{ title: `${method} ${path}`, method, path, role: operation['x-role'], parameters, body }];
    }),
  );
}

/** The operation's path, every parameter filled with the value given or with one that fits its schema. */
export function urlOf({ path, parameters }: DocumentedOperation, value?: string): string {
  return path.replaceAll(/\{([^}]+)\}/g, (_braces, name) => {
    const schema = parameters.find((parameter) => parameter.in === 'path' && parameter.name === name)?.schema;
    return encodeURIComponent(value ?? String(sampleOf(schema ?? {})));
  });
}
