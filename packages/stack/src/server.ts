import type { Report } from './stack-error.ts';
import type { SupervisedProcess } from './supervise-process.ts';

/** What every server of the stack needs to start. */
export interface ServerOptions {
  /** Data, log and pid file go below it. */
  readonly stateDir: string;
  readonly port: number;
  readonly report?: Report;
}

/** A running server: its supervised process and the URL to reach it. */
export interface Server extends SupervisedProcess {
  readonly url: string;
}
