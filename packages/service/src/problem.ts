import { CharterError, type FailureCode, type FailurePointer, failures, type Problem } from '@charter/shared/contracts';
import type { z } from 'zod';

/** Failures that fastify and its plugins raise, as ours. */
const frameworkFailures: Readonly<Record<string, FailureCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media-type-unsupported',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'request-invalid',
  FST_ERR_CTP_INVALID_JSON_BODY: 'request-invalid',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request-invalid',
  FST_ERR_BAD_URL: 'request-invalid',
  FST_ERR_MAX_PARAM_LENGTH: 'request-invalid',
  FST_ERR_HANDLER_TIMEOUT: 'request-timeout',
};

/** RFC 6901 pointer of a path of keys and indexes. */
export function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Every issue of a failed parse as pointer and sentence; an unknown field is pointed at itself. */
export function pointersFrom(error: z.core.$ZodError): FailurePointer[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ pointer: pointerOf([...issue.path, key]), detail: 'Unknown field' }))
      : [{ pointer: pointerOf(issue.path), detail: issue.message }],
  );
}

/** Any thrown value as a failure. What we do not know becomes `internal`, without its message. */
export function failureFrom(error: unknown): CharterError {
  if (error instanceof CharterError) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  const failure = frameworkFailures[code];
  if (failure) return new CharterError(failure, failures[failure].title, { cause: error });
  return new CharterError('internal', 'The request could not be completed', { cause: error });
}

/** RFC 9457 body of any thrown value. `instance` is the path asked for. */
export function problemFrom(error: unknown, at: { instance: string; traceId: string }): Problem {
  const failure = failureFrom(error);
  const { status, title } = failures[failure.code];
  return {
    type: `urn:charter:problem:${failure.code}`,
    title,
    status,
    detail: failure.message,
    instance: at.instance,
    code: failure.code,
    errors: failure.errors.map(({ pointer, detail, line }) =>
      line === undefined ? { pointer, detail } : { pointer, detail, line },
    ),
    traceId: at.traceId,
  };
}
