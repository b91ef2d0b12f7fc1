import type { Registry } from '@charter/service';
import { Counter, Gauge, Histogram } from 'prom-client';
import { PlanStatus } from './domain/attempt.ts';

export interface PlanMetrics {
  recorded(status: string): void;
  ended(status: string): void;
  scored(seconds: number, candidates: number): void;
  pending(approvals: number, oldestSeconds: number): void;
  heartbeat(): void;
}

export function createMetrics(registry: Registry): PlanMetrics {
  const registers = [registry];
  const recorded = new Counter({
    name: 'charter_plan_plans_total',
    help: 'Plans recorded, by what was done with them.',
    labelNames: ['disposition'],
    registers,
  });
  const ended = new Counter({
    name: 'charter_plan_plans_ended_total',
    help: 'Plans that ended after they had been recorded, by how.',
    labelNames: ['disposition'],
    registers,
  });
  const scoring = new Histogram({
    name: 'charter_plan_scoring_duration_seconds',
    help: 'Time to find, score and rank all candidates of one analysis.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25],
    registers,
  });
  const candidates = new Histogram({
    name: 'charter_plan_candidates',
    help: 'Candidates scored for one analysis.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
    registers,
  });
  const approvals = new Gauge({
    name: 'charter_plan_pending_approvals',
    help: 'Plans that wait for people.',
    registers,
  });
  const oldest = new Gauge({
    name: 'charter_plan_pending_approval_oldest_age_seconds',
    help: 'Age of the plan that has waited longest for people; 0 when none does.',
    registers,
  });
  const heartbeat = new Gauge({
    name: 'charter_plan_heartbeat_timestamp_seconds',
    help: 'When the timers last finished a round.',
    registers,
  });
  for (const disposition of PlanStatus.options) {
    recorded.inc({ disposition }, 0);
    ended.inc({ disposition }, 0);
  }
  return {
    recorded: (disposition) => recorded.inc({ disposition }),
    ended: (disposition) => ended.inc({ disposition }),
    scored(seconds, count) {
      scoring.observe(seconds);
      candidates.observe(count);
    },
    pending(count, oldestSeconds) {
      approvals.set(count);
      oldest.set(oldestSeconds);
    },
    heartbeat: () => heartbeat.set(Date.now() / 1_000),
  };
}
