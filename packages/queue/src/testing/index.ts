import { randomBytes } from 'node:crypto';

/** A prefix of its own for a test file, so that files share one Redis without meeting. */
export const testPrefix = (): string => `{test-${randomBytes(8).toString('hex')}}`;
