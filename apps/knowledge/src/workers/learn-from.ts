import { type Outcome, planAdaptationQueue, timelineQueue } from '@charter/shared/contracts';
import { newId, type Tx } from '@charter/store';
import { sql } from 'kysely';
import { lastTold, recordAdaptation } from '../adapters/adaptation-log.ts';
import { addRevision, knownOutcome, saveOutcome, solvedBefore } from '../adapters/outcome-log.ts';
import { applyTrials } from '../adapters/tally-book.ts';
import type { LearningSettings } from '../config.ts';
import type { KeyedTally } from '../domain/action-evidence.ts';
import { adaptationFrom } from '../domain/adaptation-from.ts';
import { lessonFrom } from '../domain/lesson-from.ts';
import { relapse, type Speaker, supersedes } from '../domain/recorded-outcome.ts';
import { trialsOf } from '../domain/trials-of.ts';
import type { KnowledgeTables } from '../migrations.ts';

/** What became of one word on an outcome. */
export interface Lesson {
  /** The outcome's own id: the first one given for its plan. */
  readonly id: string;
  /** False when a newer word, or a person's, stands already. */
  readonly stands: boolean;
  readonly relapses: number;
  readonly adaptations: number;
}

/** Learning is one writer at a time, so that tallies are read, changed and written without a gap. */
const learningLock = 6_117_204;

/**
 * Learns from an outcome: records it, moves the tallies (taking back what an earlier word on it had taught), corrects the
 * earlier success that this relapse disproves, tells the incident's story, and tells plan what changed materially.
 */
export async function learnFrom(
  tx: Tx<KnowledgeTables>,
  said: Outcome,
  speaker: Speaker,
  settings: LearningSettings,
): Promise<Lesson> {
  await sql`select pg_advisory_xact_lock(${learningLock})`.execute(tx.db);
  const known = await knownOutcome(tx, said);
  const outcome: Outcome = known ? { ...said, id: known.id, planId: known.planId } : said;
  if (known && !supersedes(known, outcome, speaker)) {
    await addRevision(tx, outcome, speaker, false);
    return { id: outcome.id, stands: false, relapses: 0, adaptations: 0 };
  }
  await saveOutcome(tx, outcome, speaker);
  await addRevision(tx, outcome, speaker, true);
  const changed = await applyTrials(
    tx,
    [
      ...(known ? trialsOf(known) : []).map((trial) => ({ ...trial, count: -1 as const })),
      ...trialsOf(outcome).map((trial) => ({ ...trial, count: 1 as const })),
    ],
    settings.halfLifeDays,
  );
  await tellStory(tx, outcome, speaker, changed);
  const adaptations = await adaptPlan(tx, changed, settings);
  const relapses = known ? 0 : await correctRelapsed(tx, outcome, settings);
  return { id: outcome.id, stands: true, relapses, adaptations };
}

async function correctRelapsed(tx: Tx<KnowledgeTables>, outcome: Outcome, settings: LearningSettings): Promise<number> {
  const solved = await solvedBefore(tx, outcome, settings.relapseSeconds);
  for (const { recordedAt: _recorded, correctedBy: _by, correction: _why, ...earlier } of solved) {
    const reason =
      `${earlier.rootCause?.metric ?? 'The problem'} of ${earlier.component} was back within ` +
      `${String(Math.round(settings.relapseSeconds / 60))} minutes, in incident ${outcome.incidentId}`;
    await learnFrom(tx, { ...earlier, type: 'ineffective' }, { kind: 'relapse', name: relapse, reason }, settings);
  }
  return solved.length;
}

async function tellStory(
  tx: Tx<KnowledgeTables>,
  outcome: Outcome,
  speaker: Speaker,
  changed: readonly KeyedTally[],
): Promise<void> {
  const { incidentId, id, planId, type, executed } = outcome;
  const correction = speaker.kind === 'loop' ? '' : `Corrected to ${type} (${speaker.name}: ${speaker.reason}). `;
  await tx.enqueue(
    timelineQueue,
    {
      incidentId,
      stage: 'knowledge',
      event: 'learned',
      at: new Date().toISOString(),
      text: `${correction}${lessonFrom(outcome, changed)}`.slice(0, 2_000),
      data: { outcomeId: id, planId, type, executed, said: speaker.kind },
    },
    { incidentId },
  );
}

async function adaptPlan(
  tx: Tx<KnowledgeTables>,
  changed: readonly KeyedTally[],
  settings: LearningSettings,
): Promise<number> {
  let told = 0;
  for (const { kind, strategy, tally } of changed) {
    if (kind !== 'strategy') continue;
    const adaptation = adaptationFrom(strategy, tally, await lastTold(tx, strategy), settings);
    if (!adaptation) continue;
    const complete = { ...adaptation, id: newId(), at: new Date().toISOString() };
    await recordAdaptation(tx, complete);
    await tx.enqueue(planAdaptationQueue, complete);
    told += 1;
  }
  return told;
}
