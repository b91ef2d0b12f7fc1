import { type Outcome, planAdaptationQueue, type TimelineEntry, timelineQueue } from '@charter/shared/contracts';
import { newId, type Tx } from '@charter/store';
import { sql } from 'kysely';
import { lastTold, recordAdaptation } from '../adapters/adaptation-log.ts';
import type { AutonomyChange } from '../adapters/autonomy-log.ts';
import { addRevision, knownOutcome, saveOutcome, solvedBefore } from '../adapters/outcome-log.ts';
import { applyTrials } from '../adapters/tally-book.ts';
import type { LearningSettings } from '../config.ts';
import type { KeyedTally } from '../domain/action-evidence.ts';
import { adaptationFrom } from '../domain/adaptation-from.ts';
import { instantOfUlid } from '../domain/instant-of-ulid.ts';
import { isRelapse } from '../domain/is-relapse.ts';
import { lessonFrom } from '../domain/lesson-from.ts';
import { relapse, type Speaker, supersedes } from '../domain/recorded-outcome.ts';
import { trialsOf } from '../domain/trials-of.ts';
import { seconds } from '../domain/words.ts';
import type { KnowledgeTables } from '../migrations.ts';
import { earnAutonomy } from './earn-autonomy.ts';

/** What became of one word on an outcome. */
export interface Lesson {
  /** The outcome's own id: the first one given for its plan. */
  readonly id: string;
  /** False when a newer word, or a person's, stands already. */
  readonly stands: boolean;
  readonly relapses: number;
  readonly adaptations: number;
  /** Changes of what automation has earned. */
  readonly autonomy: readonly AutonomyChange[];
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
    return { id: outcome.id, stands: false, relapses: 0, adaptations: 0, autonomy: [] };
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
  const autonomy = await earnAutonomy(tx, known, outcome, settings.halfLifeDays);
  if (speaker.kind !== 'import') for (const change of autonomy) await tellChange(tx, outcome, change);
  // an export says already what did not hold
  const isTold = known !== null || speaker.kind === 'import';
  const relapses = isTold ? [] : await correctRelapsed(tx, outcome, settings);
  return {
    id: outcome.id,
    stands: true,
    relapses: relapses.length,
    adaptations: adaptations + relapses.reduce((sum, lesson) => sum + lesson.adaptations, 0),
    autonomy: [...autonomy, ...relapses.flatMap((lesson) => lesson.autonomy)],
  };
}

async function correctRelapsed(
  tx: Tx<KnowledgeTables>,
  outcome: Outcome,
  settings: LearningSettings,
): Promise<Lesson[]> {
  const lessons: Lesson[] = [];
  const openedAt = instantOfUlid(outcome.incidentId);
  const solved = (await solvedBefore(tx, outcome, settings.relapseSeconds)).filter((earlier) =>
    isRelapse(earlier, openedAt, settings),
  );
  for (const { recordedAt: _recorded, correctedBy: _by, correction: _why, ...earlier } of solved) {
    const after = (openedAt.getTime() - Date.parse(earlier.at)) / 1_000;
    const problem = `${earlier.rootCause?.metric ?? 'The problem'} of ${earlier.component}`;
    const reason = `${problem} was back after ${seconds(after)}, in incident ${outcome.incidentId}`;
    const speaker = { kind: 'relapse', name: relapse, reason } as const;
    lessons.push(await learnFrom(tx, { ...earlier, type: 'ineffective' }, speaker, settings));
  }
  return lessons;
}

async function tellStory(
  tx: Tx<KnowledgeTables>,
  outcome: Outcome,
  speaker: Speaker,
  changed: readonly KeyedTally[],
): Promise<void> {
  const { id, planId, type, executed } = outcome;
  if (speaker.kind === 'import') return;
  const correction = speaker.kind === 'loop' ? '' : `Corrected to ${type} (${speaker.name}: ${speaker.reason}). `;
  const data = { outcomeId: id, planId, type, executed, said: speaker.kind };
  await tell(tx, outcome, `${correction}${lessonFrom(outcome, changed)}`, data);
}

async function tellChange(tx: Tx<KnowledgeTables>, outcome: Outcome, change: AutonomyChange): Promise<void> {
  const { action, targetClass, from, to, reason } = change;
  const text = `${action} on ${targetClass} has now earned ${to}, not ${from}: ${reason}.`;
  await tell(tx, outcome, text, { action, targetClass, from, to });
}

async function tell(
  tx: Tx<KnowledgeTables>,
  { incidentId }: Outcome,
  text: string,
  data: TimelineEntry['data'],
): Promise<void> {
  const at = new Date().toISOString();
  await tx.enqueue(
    timelineQueue,
    { incidentId, stage: 'knowledge', event: 'learned', at, text: text.slice(0, 2_000), data },
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
