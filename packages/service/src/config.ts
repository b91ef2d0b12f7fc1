import { CharterError } from '@charter/shared/contracts';
import { z } from 'zod';
import { traceSettings } from './trace-config.ts';

/** Ports of the services before `CHARTER_PORT_BASE` shifts them. */
export const defaultPorts = {
  charter: 8000,
  orchestrator: 8001,
  monitor: 8002,
  analyze: 8003,
  plan: 8004,
  execute: 8005,
  knowledge: 8006,
  testbed: 8010,
  console: 8080,
} as const satisfies Record<string, number>;

/** Name of a service: its folder, its metrics' prefix, its default port. */
export type AppName = keyof typeof defaultPorts;

/**
 * Environment that every service reads; an app extends it with its own variables.
 * `CHARTER_API_KEYS` is the path of a JSON file `[{name, role, sha256}]` (hex SHA-256 of the key).
 * JWTs are verified with `CHARTER_JWT_SECRET` (HMAC) or the PEM file at `CHARTER_JWT_PUBLIC_KEY`.
 */
export const ServiceConfig = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  CHARTER_PORT_BASE: z.coerce.number().int().min(0).max(50_000).default(0),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  CHARTER_API_KEYS: z.string().optional(),
  CHARTER_JWT_SECRET: z.string().min(32, 'is shorter than 32 characters').optional(),
  CHARTER_JWT_PUBLIC_KEY: z.string().optional(),
  CHARTER_JWT_ISSUER: z.string().optional(),
  CHARTER_JWT_AUDIENCE: z.string().optional(),
  CHARTER_JWT_ROLE_CLAIM: z.string().default('role'),
  ...traceSettings,
});
export type ServiceConfig = z.infer<typeof ServiceConfig>;

/** Environment as a process has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Configuration from an environment. Variables set to nothing count as absent.
 * Throws `CharterError('config-invalid')` whose detail and pointers name every wrong variable, never a value.
 */
export function configFrom<Config>(schema: z.ZodType<Config>, environment: Environment): Config {
  const present = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(present);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0] ?? 'environment');
    return { pointer: `/${name}`, name, detail: present[name] === undefined ? 'is missing' : issue.message };
  });
  throw new CharterError('config-invalid', errors.map(({ name, detail }) => `${name}: ${detail}`).join('; '), {
    errors: errors.map(({ pointer, detail }) => ({ pointer, detail })),
  });
}

/** Port a service listens on: `PORT`, or its default port shifted by `CHARTER_PORT_BASE`. */
export function portOf(app: AppName, config: Pick<ServiceConfig, 'PORT' | 'CHARTER_PORT_BASE'>): number {
  return config.PORT ?? defaultPorts[app] + config.CHARTER_PORT_BASE;
}
