import { CharterError } from '@charter/shared/contracts';
import type { ActuatorCall } from '../domain/actuation.ts';
import type { Clock, EffectAnswer, Effector, EffectRequest, Purpose } from '../ports.ts';

export interface Delivery {
  /** What was promised when the step was armed. */
  readonly guarantee: Effector['guarantee'];
  readonly call: ActuatorCall;
  /** What the target showed before a restart and shows no more after it; null where it shows nothing like it. */
  readonly markBefore: string | null;
  readonly purpose: Purpose;
  readonly idempotencyKey: string;
  readonly fencingToken: number;
  readonly timeoutMs: number;
  /** When the leave to act runs out, on the monotonic clock: nothing is sent from then on. */
  readonly sendUntil: number;
  /** Whether this host was stopped since: nothing more is sent then either. */
  readonly isStopped: () => Promise<boolean>;
  /** An earlier attempt may have got through: its process died before it knew. */
  readonly resumed: boolean;
}

export type Delivered =
  /** `shown` is false when the target accepted the change but does not show it. */
  | { readonly kind: 'done'; readonly shown: boolean; readonly detail: string }
  | { readonly kind: 'failed'; readonly reason: string }
  /** The leave ran out, or the host was stopped, before the answer was known: ask for leave, then go on. */
  | { readonly kind: 'again'; readonly mayHaveHappened: boolean }
  | { readonly kind: 'uncertain'; readonly reason: string };

const firstPauseMs = 50;
const longestPauseMs = 1_000;
/** One attempt of several; the only one of an effect that must not be sent twice gets all the time there is. */
const attemptMs = (timeoutMs: number): number => Math.max(250, Math.min(3_000, timeoutMs / 3));

/** Makes one effect happen as its target's guarantee allows, until it is known or the time is up. */
export async function deliver(effector: Effector, delivery: Delivery, clock: Clock): Promise<Delivered> {
  const { timeoutMs, guarantee } = delivery;
  const endsAt = clock.now() + timeoutMs;
  if (delivery.resumed && guarantee === 'at-most-once') {
    return byMark(effector, delivery, endsAt, clock, 'It may have been sent before the crash');
  }
  if (delivery.resumed && guarantee === 'set-point' && (await shows(effector, delivery)) === true) {
    return { kind: 'done', shown: true, detail: 'It had taken effect before the crash' };
  }
  let mayHaveHappened = delivery.resumed;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    if (clock.now() >= delivery.sendUntil || (await delivery.isStopped())) return { kind: 'again', mayHaveHappened };
    const leftMs = Math.max(50, endsAt - clock.now());
    const patienceMs = guarantee === 'at-most-once' ? leftMs : Math.min(attemptMs(timeoutMs), leftMs);
    const answer = await attempt(effector, { ...delivery, timeoutMs: patienceMs });
    switch (answer.kind) {
      case 'applied':
        return settle(effector, delivery, endsAt, clock);
      case 'refused':
      case 'stale':
        if (mayHaveHappened && guarantee === 'set-point') return byReading(effector, delivery, answer);
        return { kind: 'failed', reason: answer.reason };
      case 'unknown':
        mayHaveHappened = true;
        if (guarantee === 'at-most-once') return byMark(effector, delivery, endsAt, clock, answer.reason);
        if (guarantee === 'set-point' && (await shows(effector, delivery)) === true)
          return settle(effector, delivery, endsAt, clock);
        break;
      case 'not-sent':
        break;
    }
    if (clock.now() + pauseMs >= endsAt) {
      return mayHaveHappened ? byReading(effector, delivery, answer) : { kind: 'failed', reason: answer.reason };
    }
    await clock.wait(pauseMs);
  }
}

/** A change that cannot even be made, such as one whose secret is missing, was not sent. */
async function attempt(effector: Effector, request: EffectRequest): Promise<EffectAnswer> {
  try {
    return await effector.apply(request);
  } catch (error) {
    if (error instanceof CharterError) return { kind: 'refused', reason: error.message };
    throw error;
  }
}

/** The time is up and something may have happened: only the target itself can tell. */
async function byReading(
  effector: Effector,
  delivery: Delivery,
  answer: Exclude<EffectAnswer, { kind: 'applied' }>,
): Promise<Delivered> {
  if ((await shows(effector, delivery)) === true) return { kind: 'done', shown: true, detail: 'The target shows it' };
  return { kind: 'uncertain', reason: answer.reason };
}

/** What must not be sent again is looked for, as long as it may still take effect: another mark is a restart. */
async function byMark(
  effector: Effector,
  delivery: Delivery,
  endsAt: number,
  clock: Clock,
  reason: string,
): Promise<Delivered> {
  const { markBefore } = delivery;
  if (markBefore === null || effector.readMark === undefined)
    return { kind: 'uncertain', reason: `${reason}, and the target keeps neither keys nor a mark of its restarts` };
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    const mark = await unlessAway(effector.readMark());
    if (mark !== null && mark !== markBefore) return settle(effector, delivery, endsAt, clock);
    if (clock.now() + pauseMs >= endsAt)
      return { kind: 'uncertain', reason: `${reason}, and the target shows no restart so far` };
    await clock.wait(pauseMs);
  }
}

/** Waits until the target shows the change and is up again. */
async function settle(effector: Effector, delivery: Delivery, endsAt: number, clock: Clock): Promise<Delivered> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs / 4, pauseMs * 2)) {
    const shown = await shows(effector, delivery);
    const ready = delivery.call.operation === 'restart' ? await isReady(effector) : true;
    if (shown !== false && ready !== false) return { kind: 'done', shown: true, detail: 'The target took it' };
    if (clock.now() + pauseMs >= endsAt) {
      const detail =
        shown === false ? 'The target accepted the change but does not show it' : 'The target did not come up again';
      return { kind: 'done', shown: false, detail };
    }
    await clock.wait(pauseMs);
  }
}

const shows = (effector: Effector, { call, idempotencyKey }: Delivery): Promise<boolean | null> =>
  unlessAway(effector.isApplied(call, idempotencyKey));
const isReady = (effector: Effector): Promise<boolean | null> => unlessAway(effector.isReady());

async function unlessAway<T>(asked: Promise<T | null>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof CharterError) return null;
    throw error;
  }
}
