import { digestOfGround } from '@charter/app-plan/history';
import { compareCourses } from './compare-courses.ts';
import { type Candidate, decideAgain } from './decide-again.ts';
import type { History } from './history.ts';
import type { ReplayPack } from './read-pack.ts';
import { type LearnerSettings, type ReplayReport, tallyReplay } from './tally-replay.ts';

export interface ReplayOptions {
  readonly pack: ReplayPack;
  readonly since: Date;
  readonly settings?: LearnerSettings;
  /** Recompute stages that did not change, too. */
  readonly all?: boolean;
  /** Differences to keep one by one. */
  readonly kept?: number;
}

/** Decides everything recorded since then again, by a pack and a learner that may differ. */
export async function replayHistory(history: History, options: ReplayOptions): Promise<ReplayReport> {
  const { pack, since, settings = {}, all = false, kept = 1_000 } = options;
  const started = performance.now();
  const tally = tallyReplay(kept);
  const digests = new Map<object, string>();
  for await (const page of history.since(since)) {
    for (const { record, answers } of page) {
      const recordedSettings = record.ground.settings;
      const digest = digests.get(recordedSettings) ?? digestOfGround({ ...pack.parts, settings: recordedSettings });
      digests.set(recordedSettings, digest);
      const candidate: Candidate = { pack, digest, settings, all };
      const replayed = await decideAgain(record, answers, candidate);
      const recorded = { status: record.status, plan: record.plan };
      tally.add(recorded, replayed, compareCourses(record.plan, recorded, replayed.course), record.outcome);
    }
  }
  return tally.report((performance.now() - started) / 1_000);
}
