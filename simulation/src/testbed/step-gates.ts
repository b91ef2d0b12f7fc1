import {
  type BrakeState,
  blastRadiusOf,
  judgeDecision,
  judgeTrigger,
  questionOf,
  type Reading,
  refuseAction,
  defaultSettings as settings,
  stepBrake,
} from '@charter/app-execute/executor';
import type { prometheusSignals } from '@charter/app-execute/signals';
import type { CharterClient } from '@charter/shared/charter-client';
import type { Plan, PlannedAction, Target } from '@charter/shared/contracts';
import { pack } from './demo-pack.ts';
import type { Monitor } from './monitor.ts';

export interface GateDeps {
  readonly charter: Pick<CharterClient, 'decide'>;
  readonly signals: ReturnType<typeof prometheusSignals>;
  readonly monitor: Pick<Monitor, 'find' | 'firingComponents'>;
}

export type GateAnswer =
  | {
      readonly kind: 'pass';
      readonly readings: readonly Reading[];
      readonly policies: readonly string[];
      readonly perHour: number | null;
      readonly blastRadius: number;
    }
  | { readonly kind: 'refuse'; readonly gate: string; readonly reason: string }
  /** What the plan was made for is over, or silenced. */
  | { readonly kind: 'gone'; readonly gate: string; readonly reason: string; readonly isResolved: boolean };

/** Execute's gates before a step, in its order: target, charter, trigger, storm brake. Permits are always there. */
export interface StepGates {
  pass(plan: Plan, action: PlannedAction, target: Target, isFirst: boolean, nowMs: number): Promise<GateAnswer>;
}

export function stepGates({ charter, signals, monitor }: GateDeps): StepGates {
  let brake: BrakeState = { pulledAt: null, calmSince: null };
  const refuse = (gate: string, reason: string): GateAnswer => ({ kind: 'refuse', gate, reason });

  function storm(nowMs: number): string | null {
    const firing = monitor.firingComponents();
    const targets = pack.targets.length;
    const unhealthy = pack.targets.filter(({ metadata }) => firing.has(metadata.name)).length;
    brake = stepBrake(brake, { targets, unhealthy }, settings.storm, nowMs);
    return brake.pulledAt === null ? null : `${unhealthy} of ${targets} targets are in trouble at once`;
  }

  return {
    async pass(plan, action, target, isFirst, nowMs) {
      const outside = refuseAction(action, target);
      if (outside !== null) return refuse('target', outside);
      const blastRadius = blastRadiusOf(plan, target, pack.targets);
      const decision = await charter.decide(questionOf(plan, action, target, blastRadius));
      const standing = { plan, action, blastRadius, isProtected: false, approval: null };
      const verdict = judgeDecision(decision, standing);
      if (verdict.kind !== 'allowed') return refuse('charter', verdict.reason);
      const { signals: watched } = plan.verification;
      const readings = await Promise.all(watched.map((signal) => signals.read(signal)));
      const evidence = watched.flatMap((signal, index) => {
        const reading = readings[index];
        if (signal.role !== 'violated' || reading === undefined) return [];
        const suppressed = signal.fingerprint === null ? null : monitor.find(signal.fingerprint)?.suppressed;
        return [{ signal, reading, suppressed: suppressed ?? null }];
      });
      const trigger = judgeTrigger(evidence);
      if (trigger.kind === 'inconclusive') return refuse('trigger', trigger.reason);
      if (trigger.kind !== 'firing') {
        return { kind: 'gone', gate: 'trigger', reason: trigger.reason, isResolved: trigger.kind === 'gone' };
      }
      const stormy = isFirst ? storm(nowMs) : null;
      if (stormy !== null) return refuse('storm', stormy);
      const { policies, perHour } = verdict;
      return { kind: 'pass', readings, policies, perHour, blastRadius };
    },
  };
}
