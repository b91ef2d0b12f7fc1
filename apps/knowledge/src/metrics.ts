import type { Registry } from '@charter/service';
import { type Outcome, OutcomeType } from '@charter/shared/contracts';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Lesson } from './workers/learn-from.ts';

export interface KnowledgeMetrics {
  learned(outcome: Outcome, lesson: Lesson): void;
  forgotten(count: number): void;
  /** Grants of the charter that followed what was earned. */
  published(count: number): void;
  /** Last 30 days: share of acts that helped, and harmful acts per thousand. */
  standing(effectiveness: number | null, harmPerThousand: number | null): void;
}

export function createMetrics(registry: Registry): KnowledgeMetrics {
  const registers = [registry];
  const outcomes = new Counter({
    name: 'charter_knowledge_outcomes_total',
    help: 'Outcomes learned from, by type and whether anything was done.',
    labelNames: ['type', 'executed'],
    registers,
  });
  for (const type of OutcomeType.options) {
    for (const executed of ['true', 'false']) outcomes.inc({ type, executed }, 0);
  }
  const superseded = new Counter({
    name: 'charter_knowledge_superseded_total',
    help: 'Words on an outcome that came after a newer one, or after a person.',
    registers,
  });
  const relapses = new Counter({
    name: 'charter_knowledge_relapses_total',
    help: 'Successes that a relapse disproved.',
    registers,
  });
  const adaptations = new Counter({
    name: 'charter_knowledge_adaptations_total',
    help: 'Changes of belief that plan was told of.',
    registers,
  });
  const stabilize = new Histogram({
    name: 'charter_knowledge_time_to_stabilize_seconds',
    help: 'From the start of execution until all violated signals were well again.',
    buckets: [1, 2, 5, 10, 15, 30, 60, 120, 300, 900],
    registers,
  });
  const autonomy = new Counter({
    name: 'charter_knowledge_autonomy_changes_total',
    help: 'Changes of what automation has earned.',
    labelNames: ['from', 'to'],
    registers,
  });
  const published = new Counter({
    name: 'charter_knowledge_published_grants_total',
    help: 'Grants of the charter that followed what was earned.',
    registers,
  });
  const forgotten = new Counter({
    name: 'charter_knowledge_forgotten_outcomes_total',
    help: 'Outcomes past their retention; what they taught stays.',
    registers,
  });
  const effectiveness = new Gauge({
    name: 'charter_knowledge_effectiveness_ratio',
    help: 'Share of acts of the last 30 days that helped; a partial one counts half.',
    registers,
  });
  const harm = new Gauge({
    name: 'charter_knowledge_harmful_actions_ratio',
    help: 'Share of acts of the last 30 days that made things worse.',
    registers,
  });
  return {
    learned({ type, executed, timeToStabilizeSeconds }, lesson) {
      if (!lesson.stands) {
        superseded.inc();
        return;
      }
      outcomes.inc({ type, executed: String(executed) });
      relapses.inc(lesson.relapses);
      adaptations.inc(lesson.adaptations);
      for (const { from, to } of lesson.autonomy) autonomy.inc({ from, to });
      if (executed && timeToStabilizeSeconds !== null) stabilize.observe(timeToStabilizeSeconds);
    },
    published: (count) => published.inc(count),
    forgotten: (count) => forgotten.inc(count),
    standing(share, perThousand) {
      if (share !== null) effectiveness.set(share);
      if (perThousand !== null) harm.set(perThousand / 1_000);
    },
  };
}
