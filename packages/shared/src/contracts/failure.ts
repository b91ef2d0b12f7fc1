/** Every failure a request or an effect can end in: HTTP status, whether trying again can help, and its title. */
export const failures = {
  'request-invalid': { status: 400, retryable: false, title: 'Request does not match its contract' },
  'message-invalid': { status: 400, retryable: false, title: 'Message does not match its contract' },
  'message-forged': { status: 400, retryable: false, title: 'Message has no record behind it' },
  'body-too-large': { status: 413, retryable: false, title: 'Body is too large' },
  'media-type-unsupported': { status: 415, retryable: false, title: 'Media type is not supported' },
  unauthenticated: { status: 401, retryable: false, title: 'Authentication is missing or invalid' },
  'role-missing': { status: 403, retryable: false, title: 'The role needed for this route is missing' },
  'route-not-found': { status: 404, retryable: false, title: 'No such route' },
  'not-found': { status: 404, retryable: false, title: 'No such resource' },
  conflict: { status: 409, retryable: false, title: 'The resource changed or is in another state' },
  'fencing-token-stale': { status: 409, retryable: false, title: 'A newer fencing token was seen for this target' },
  'document-invalid': { status: 422, retryable: false, title: 'The document is not valid' },
  'action-denied': { status: 403, retryable: false, title: 'Policy denies this action' },
  'permit-missing': { status: 503, retryable: true, title: 'No fresh permit to act' },
  'rate-limited': { status: 429, retryable: true, title: 'Too many requests' },
  'request-timeout': { status: 408, retryable: true, title: 'The request took too long' },
  overloaded: { status: 503, retryable: true, title: 'Under pressure, try again' },
  'upstream-unavailable': { status: 503, retryable: true, title: 'A service this one needs did not answer' },
  'effector-unavailable': { status: 503, retryable: true, title: 'Effector did not answer' },
  'effector-refused': { status: 502, retryable: false, title: 'Effector refused the action' },
  'config-invalid': { status: 500, retryable: false, title: 'Configuration is not valid' },
  internal: { status: 500, retryable: false, title: 'Internal error' },
} as const satisfies Record<string, { status: number; retryable: boolean; title: string }>;

export type FailureCode = keyof typeof failures;

/** One place in a document or body that is wrong. `pointer` is an RFC 6901 JSON pointer; '' is the whole. */
export interface FailurePointer {
  readonly pointer: string;
  readonly detail: string;
  readonly line?: number;
}

/** A failed request or effect. Handled at two edges: HTTP turns it into problem+json, queues retry or give up. */
export class CharterError extends Error {
  readonly code: FailureCode;
  readonly errors: readonly FailurePointer[];

  constructor(
    code: FailureCode,
    detail: string,
    options: { cause?: unknown; errors?: readonly FailurePointer[] } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CharterError';
    this.code = code;
    this.errors = options.errors ?? [];
  }

  get status(): number {
    return failures[this.code].status;
  }

  get retryable(): boolean {
    return failures[this.code].retryable;
  }
}
