import type { Registry } from '@charter/service';
import { Counter, Gauge } from 'prom-client';

export interface OrchestratorMetrics {
  heard(stage: string, event: string): void;
  cycleOpened(trigger: string): void;
  permitAnswered(granted: boolean): void;
  paused(count: number): void;
  /** The scheduler looked whether a cycle is due. */
  beat(): void;
  escalated(count: number): void;
  incidents(byState: Readonly<Record<string, number>>): void;
}

export function createMetrics(registry: Registry): OrchestratorMetrics {
  const registers = [registry];
  const entries = new Counter({
    name: 'charter_orchestrator_timeline_entries_total',
    help: 'What stages said of incidents.',
    labelNames: ['stage', 'event'],
    registers,
  });
  const heartbeat = new Gauge({
    name: 'charter_orchestrator_stage_heartbeat_timestamp_seconds',
    help: 'When a stage last said something.',
    labelNames: ['stage'],
    registers,
  });
  const alive = new Gauge({
    name: 'charter_orchestrator_heartbeat_timestamp_seconds',
    help: 'When the scheduler last looked whether a cycle is due.',
    registers,
  });
  const cycles = new Counter({
    name: 'charter_orchestrator_cycles_total',
    help: 'Cycles opened.',
    labelNames: ['trigger'],
    registers,
  });
  const permits = new Counter({
    name: 'charter_orchestrator_permits_total',
    help: 'Permits asked for.',
    labelNames: ['granted'],
    registers,
  });
  const pauses = new Gauge({ name: 'charter_orchestrator_pauses', help: 'Standing pauses.', registers });
  const escalations = new Counter({
    name: 'charter_orchestrator_escalations_total',
    help: 'Incidents handed to a person.',
    registers,
  });
  const incidents = new Gauge({
    name: 'charter_orchestrator_incidents',
    help: 'Incidents by state.',
    labelNames: ['state'],
    registers,
  });
  return {
    heard(stage, event) {
      entries.inc({ stage, event });
      heartbeat.set({ stage }, Date.now() / 1_000);
    },
    cycleOpened: (trigger) => cycles.inc({ trigger }),
    permitAnswered: (granted) => permits.inc({ granted: String(granted) }),
    beat: () => alive.setToCurrentTime(),
    paused: (count) => pauses.set(count),
    escalated: (count) => escalations.inc(count),
    incidents(byState) {
      incidents.reset();
      for (const [state, count] of Object.entries(byState)) incidents.set({ state }, count);
    },
  };
}
