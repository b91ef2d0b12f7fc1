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

/** Of the alternatives of a union, the one that the input comes closest to: the fewest complaints. */
function closestAlternative(alternatives: readonly z.core.$ZodIssue[][]): readonly z.core.$ZodIssue[] {
  return alternatives.reduce<readonly z.core.$ZodIssue[]>(
    (closest, issues) => (closest.length === 0 || issues.length < closest.length ? issues : closest),
    [],
  );
}

function pointersOf(issues: readonly z.core.$ZodIssue[], parent: readonly PropertyKey[]): FailurePointer[] {
  return issues.flatMap((issue) => {
    const path = [...parent, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ pointer: pointerOf([...path, key]), detail: 'Unknown field' }));
    }
    const closest = issue.code === 'invalid_union' ? closestAlternative(issue.errors) : [];
    return closest.length > 0 ? pointersOf(closest, path) : [{ pointer: pointerOf(path), detail: issue.message }];
  });
}

/**
 * Every issue of a failed parse as pointer and sentence. An unknown field is pointed at itself, a union that does not
 * match at what its closest alternative complains about.
 */
export const pointersFrom = (error: z.core.$ZodError): FailurePointer[] => pointersOf(error.issues, []);

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
