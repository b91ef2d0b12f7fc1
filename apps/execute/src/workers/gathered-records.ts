import { type Health, updateStormBrake } from '../adapters/budget-records.ts';
import { ClaimLost, type Run } from '../adapters/claims.ts';
import { type End, recordEnds } from '../adapters/end-records.ts';
import type { ExecuteTx } from '../adapters/execution-records.ts';
import { type Asked, type Loaded, loadExecutions } from '../adapters/load-execution.ts';
import { type Intent, type Result, recordResults, recordStarts, type Started } from '../adapters/step-records.ts';
import {
  recordSamples,
  recordVerifications,
  type VerificationBegun,
  type Watched,
} from '../adapters/verification-records.ts';
import type { ExecutionState, Request } from '../domain/execution.ts';
import { type Armed, type Arming, armSteps } from './arm-steps.ts';
import type { ExecuteDeps } from './deps.ts';
import { together } from './together.ts';

/** What an execution tells besides, in the transaction of what it tells of. */
interface Told {
  readonly tell: (tx: ExecuteTx) => Promise<void>;
}

/**
 * The record of everything that is carried out by one process at the same time: each kind of fact is written for all
 * executions that have one, in one transaction. Rejects with `ClaimLost` for those that are someone else's by now.
 */
export interface GatheredRecords {
  load(asked: Asked): Promise<Loaded | null>;
  /** Why the storm brake holds everything, or null; whoever asks at the same moment is told the same. */
  brake(health: Health): Promise<string | null>;
  arm(step: Arming): Promise<Armed>;
  start(step: Pick<Intent, 'run' | 'actionId' | 'direction'>): Promise<Started>;
  result(result: Result & Told): Promise<void>;
  beginVerification(begun: { readonly run: Run; readonly delaySeconds: number } & Told): Promise<VerificationBegun>;
  samples(watched: Watched): Promise<{ readonly requested: Request | null }>;
  end(end: End & { readonly tell: (tx: ExecuteTx, former: ExecutionState) => Promise<void> }): Promise<void>;
}

export function gatherRecords(deps: Pick<ExecuteDeps, 'store' | 'settings'>): GatheredRecords {
  const { store } = deps;
  return {
    load: together<Asked, Loaded | null>((asked) => loadExecutions(store, asked)),
    brake: together<Health, string | null>(async (seen) => {
      const worst = seen.reduce((a, b) => (b.unhealthy > a.unhealthy ? b : a));
      const held = await updateStormBrake(store, worst, deps.settings.storm);
      return seen.map(() => held);
    }),
    arm: together<Arming, Armed>((steps) => store.transaction((tx) => armSteps(deps, tx, steps))),
    start: together((steps: readonly Pick<Intent, 'run' | 'actionId' | 'direction'>[]) => recordStarts(store, steps)),
    result: together<Result & Told, void>((results) =>
      store.transaction(async (tx) => {
        const kept = await recordResults(tx, results);
        const answers: (undefined | ClaimLost)[] = [];
        for (const { run, tell } of results) {
          const isKept = kept.has(run.executionId);
          if (isKept) await tell(tx);
          answers.push(isKept ? undefined : new ClaimLost(run.executionId));
        }
        return answers;
      }),
    ),
    beginVerification: together<{ readonly run: Run; readonly delaySeconds: number } & Told, VerificationBegun>(
      (items) =>
        store.transaction(async (tx) => {
          const begun = await recordVerifications(tx, items);
          for (const [index, { tell }] of items.entries()) if (!(begun[index] instanceof Error)) await tell(tx);
          return begun;
        }),
    ),
    samples: together((watched: readonly Watched[]) => recordSamples(store, watched)),
    end: together<End & { tell: (tx: ExecuteTx, former: ExecutionState) => Promise<void> }, void>((ends) =>
      store.transaction(async (tx) => {
        const answers: (undefined | ClaimLost)[] = [];
        const ended = await recordEnds(tx, ends);
        for (const [index, { tell }] of ends.entries()) {
          const answer = ended[index];
          if (answer instanceof Error) answers.push(answer);
          else if (answer) {
            await tell(tx, answer.former);
            answers.push(undefined);
          }
        }
        return answers;
      }),
    ),
  };
}
