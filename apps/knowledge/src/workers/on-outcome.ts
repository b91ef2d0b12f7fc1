import type { Outcome } from '@charter/shared/contracts';
import type { ReceivedMessage, Store } from '@charter/store';
import type { LearningSettings } from '../config.ts';
import type { KnowledgeMetrics } from '../metrics.ts';
import type { KnowledgeTables } from '../migrations.ts';
import { type Lesson, learnFrom } from './learn-from.ts';

/** Learns from what verification saw, once per message. */
export function onOutcome(deps: {
  readonly store: Store<KnowledgeTables>;
  readonly settings: LearningSettings;
  readonly metrics: KnowledgeMetrics;
  /** What automation has earned changed. */
  readonly onEarned: () => void;
}) {
  return async (message: ReceivedMessage<Outcome>): Promise<boolean> => {
    const outcome = message.data;
    let lesson: Lesson | undefined;
    const fresh = await deps.store.consume(message, async (tx) => {
      const speaker = { kind: 'loop', name: 'loop', reason: outcome.reason } as const;
      lesson = await learnFrom(tx, outcome, speaker, deps.settings);
    });
    if (lesson) deps.metrics.learned(outcome, lesson);
    if (lesson && lesson.autonomy.length > 0) deps.onEarned();
    return fresh;
  };
}
