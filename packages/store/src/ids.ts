import { monotonicFactory } from 'ulid';

/** A new ULID; within one process later ids sort after earlier ones. */
export const newId: () => string = monotonicFactory();
