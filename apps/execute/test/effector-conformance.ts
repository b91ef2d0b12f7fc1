import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { monotonicClock } from '../src/adapters/monotonic-clock.ts';
import { type ActuatorCall, guaranteeFor, undoOf } from '../src/domain/actuation.ts';
import { specHash } from '../src/domain/spec.ts';
import type { Effector } from '../src/ports.ts';
import { type Delivered, deliver } from '../src/workers/deliver.ts';
import { readBefore } from '../src/workers/read-before.ts';
import type { Mood } from './target-server.ts';

/** One effector on one target, as the suite needs them. */
export interface EffectorBench {
  readonly effector: Effector;
  readonly call: ActuatorCall;
  /** Changes that took effect at the target so far. */
  effects(): Promise<number>;
  /** Meets the next changes like this; null when this target cannot. */
  readonly meet: ((...moods: Mood[]) => void) | null;
  /** What the reason of a refusal names; the status 422 unless it says otherwise. */
  readonly refusal?: string;
  /** How long an effect may take; under a second unless it says otherwise. */
  readonly timeoutMs?: number;
  /** The same target where nobody listens. */
  readonly unreachable: Effector;
  close(): Promise<void>;
}

/** Counts up over all suites of a file: they may meet the same real target, which remembers the newest token. */
let round = 0;

/** What every effector owes, by the guarantee it declares: once, in order, undone, and honest about what it cannot know. */
export function describeEffector(name: string, open: () => Promise<EffectorBench>): void {
  describe(name, () => {
    let bench: EffectorBench;
    let sent = 0;
    /** What the target showed before anything was sent. */
    let markBefore: string | null;
    beforeEach(async () => {
      round += 1;
      bench = await open();
      const read = await readBefore(bench.effector, bench.call);
      markBefore = read.kind === 'read' ? read.before.mark : null;
    });
    afterEach(() => bench.close());

    async function send(
      options: { effector?: Effector; call?: ActuatorCall; key?: string; token?: number; resumed?: boolean } = {},
    ): Promise<Delivered> {
      sent += 1;
      const { effector = bench.effector, call = bench.call, key = String(sent), resumed = false } = options;
      const guarantee = guaranteeFor(
        effector.guarantee,
        call,
        await effector.readSpec().catch(() => ({ replicas: 1 })),
      );
      const delivery = {
        guarantee,
        call,
        markBefore,
        purpose: { incidentId: 'incident-1', text: 'conformance of effectors' },
        idempotencyKey: `${String(round)}-${key}`,
        fencingToken: round * 10_000 + (options.token ?? sent),
        timeoutMs: effector === bench.effector ? (bench.timeoutMs ?? 900) : 900,
        sendUntil: Number.POSITIVE_INFINITY,
        isStopped: async () => false,
        resumed,
      };
      return deliver(effector, delivery, monotonicClock);
    }
    const promised = async () => guaranteeFor(bench.effector.guarantee, bench.call, await bench.effector.readSpec());
    /** Whether a crash in between leaves a question. */
    const isBlind = async () => (await promised()) === 'at-most-once' && markBefore === null;

    test('an effect takes place once and is known', async () => {
      expect(await send()).toMatchObject({ kind: 'done', shown: true });
      expect(await bench.effects()).toBe(1);
    });

    test('taken up after a crash between effect and result, it is not repeated', async () => {
      await send({ key: 'same', token: 7 });
      const again = await send({ key: 'same', token: 7, resumed: true });
      expect(await bench.effects()).toBe(1);
      expect(again.kind).toBe((await isBlind()) ? 'uncertain' : 'done');
    });

    test('an older token than one already seen does nothing', async () => {
      if ((await promised()) !== 'keyed') return;
      await send({ token: 9_000 });
      expect(await send({ token: 8_999 })).toMatchObject({ kind: 'failed' });
      expect(await bench.effects()).toBe(1);
    });

    test('its inverse brings back exactly what was there', async () => {
      const before = await bench.effector.readSpec();
      const undo = undoOf(bench.call, before);
      if (before === null || undo === null) return;
      await send();
      expect(specHash((await bench.effector.readSpec()) ?? {})).not.toBe(specHash(before));
      await send({ call: undo });
      expect(specHash((await bench.effector.readSpec()) ?? {})).toBe(specHash(before));
    });

    test('a target that acts and never answers is found out, or said to be unknown', async () => {
      if (!bench.meet) return;
      bench.meet('hang-after', 'answers');
      const delivered = await send();
      expect(await bench.effects()).toBe(1);
      expect(delivered.kind).toBe((await isBlind()) ? 'uncertain' : 'done');
    });

    test('a connection that breaks before the effect costs no effect', async () => {
      if (!bench.meet) return;
      bench.meet('drop-before', 'answers');
      const delivered = await send();
      const isOnce = (await promised()) === 'at-most-once';
      expect(await bench.effects()).toBe(isOnce ? 0 : 1);
      expect(delivered.kind).toBe(isOnce ? 'uncertain' : 'done');
    });

    test('a connection that breaks after the effect doubles nothing', async () => {
      if (!bench.meet) return;
      bench.meet('drop-after', 'answers');
      const delivered = await send();
      expect(await bench.effects()).toBe(1);
      expect(delivered.kind).toBe((await isBlind()) ? 'uncertain' : 'done');
    });

    test('a target that refuses is a failure with its reason', async () => {
      if (!bench.meet) return;
      bench.meet('refuses');
      expect(await send()).toMatchObject({ kind: 'failed', reason: expect.stringContaining(bench.refusal ?? '422') });
      expect(await bench.effects()).toBe(0);
    });

    test('where nobody listens, it is certain that nothing happened', async () => {
      expect(await send({ effector: bench.unreachable })).toMatchObject({ kind: 'failed' });
      expect(await bench.effects()).toBe(0);
    });
  });
}
