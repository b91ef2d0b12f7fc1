import { type StreamedEntry, timelineOf } from '@charter/launcher';
import { expect } from 'vitest';
import type { Effect, Outcome, RunningLoop } from '../closed-loop/running-loop.ts';

/** Faults that are seen at once and gone with one setting; each trial takes the next, since a past full of one fault hides it. */
const faults = [
  ['bad_configuration', 'orders'],
  ['over_provisioning', 'catalog'],
  ['bad_configuration', 'payments'],
  ['over_provisioning', 'orders'],
  ['bad_configuration', 'catalog'],
  ['over_provisioning', 'payments'],
  ['bad_configuration', 'database'],
  ['over_provisioning', 'gateway'],
  ['bad_configuration', 'gateway'],
] as const;
let trial = 0;

function nextFault() {
  const [kind, component] = faults[trial++ % faults.length] ?? faults[0];
  return { kind, component, intensity: 0.9, durationSeconds: 900 };
}

/** A bound for slow machines, not a wait: what breaks is picked up again after 10 s at the latest. */
export const healMs = 120_000;

export interface Heal {
  readonly outcome: Outcome;
  /** What took effect at the target since the fault was opened. */
  readonly effects: Effect[];
  readonly entries: StreamedEntry[];
}

/** Opens the fault, does harm as soon as the story has come to `moment`, and resolves with how the incident ended. */
export async function healWhile(loop: RunningLoop, moment: StreamedEntry['event'], harm: () => unknown): Promise<Heal> {
  const known = new Set((await loop.outcomes()).map(({ id }) => id));
  const before = new Set((await loop.effects()).map(({ idempotencyKey }) => idempotencyKey));
  const listening = new AbortController();
  const entries: StreamedEntry[] = [];
  const harmed = Promise.withResolvers<void>();
  const listener = (async () => {
    for await (const entry of timelineOf(loop.installation.url('orchestrator'), listening.signal)) {
      entries.push(entry);
      if (entry.event !== moment || entries.filter(({ event }) => event === moment).length > 1) continue;
      await harm();
      harmed.resolve();
    }
  })();
  const faultId = await loop.break(nextFault());
  try {
    await harmed.promise;
    const ended = async () => (await loop.outcomes()).filter(({ id, executed }) => executed && !known.has(id));
    const types = async () => (await ended().catch(() => [])).map(({ type }) => type);
    await expect.poll(types, { timeout: healMs, interval: 250 }).toContain('success');
    const outcome = (await ended()).find(({ type }) => type === 'success');
    if (!outcome) throw new Error('the outcome went away');
    return {
      outcome,
      effects: (await loop.effects()).filter(({ idempotencyKey }) => !before.has(idempotencyKey)),
      entries,
    };
  } finally {
    listening.abort();
    harmed.resolve();
    await listener;
    await loop.repair(faultId);
  }
}
