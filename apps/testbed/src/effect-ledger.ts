import { isDeepStrictEqual } from 'node:util';
import { type ActionParameters, CharterError } from '@charter/shared/contracts';
import type { Action, ComponentName } from './model/index.ts';

/** One actuation that took effect. */
export interface Effect {
  readonly idempotencyKey: string;
  readonly fencingToken: number;
  readonly action: Action;
  readonly component: ComponentName;
  readonly parameters: ActionParameters;
  readonly at: string;
}

/** What identifies a request for an effect. */
export interface EffectRequest {
  readonly idempotencyKey: string;
  readonly fencingToken: number;
  readonly component: ComponentName;
  readonly actuator: string;
  readonly parameters: ActionParameters;
}

/** The oracle of "exactly once": keys, newest tokens and effects, kept for the life of the process. */
export interface EffectLedger<Answer> {
  /**
   * Runs `carryOut` for a new key under a token that is not old, and keeps its answer for repeats of the key.
   * Throws `conflict` when the key was used for something else, `fencing-token-stale` for an old token.
   */
  once(request: EffectRequest, carryOut: () => { answer: Answer; action: Action; at: string }): Answer;
  /** Newest first. */
  effects(): Effect[];
}

export function createEffectLedger<Answer>(): EffectLedger<Answer> {
  const answered = new Map<string, { request: EffectRequest; answer: Answer }>();
  const newest = new Map<ComponentName, number>();
  const effects: Effect[] = [];
  const isSame = (known: EffectRequest, request: EffectRequest): boolean =>
    known.component === request.component &&
    known.actuator === request.actuator &&
    isDeepStrictEqual(known.parameters, request.parameters);
  return {
    once(request, carryOut) {
      const { idempotencyKey, fencingToken, component, parameters } = request;
      const known = answered.get(idempotencyKey);
      if (known) {
        if (isSame(known.request, request)) return known.answer;
        throw new CharterError('conflict', `Idempotency key ${idempotencyKey} was used for another request`);
      }
      const seen = newest.get(component) ?? 0;
      if (fencingToken < seen) {
        const detail = `Fencing token ${String(fencingToken)} for ${component} is older than ${String(seen)}`;
        throw new CharterError('fencing-token-stale', detail);
      }
      newest.set(component, fencingToken);
      const { answer, action, at } = carryOut();
      answered.set(idempotencyKey, { request, answer });
      effects.push({ idempotencyKey, fencingToken, action, component, parameters, at });
      return answer;
    },
    effects: () => effects.toReversed(),
  };
}
