import type { Registry } from '@charter/service';
import { Counter, Gauge } from 'prom-client';

export interface CharterMetrics {
  decided(effect: string, automation: string): void;
  recorded(count: number): void;
  decisionsLost(count: number): void;
  governing(policies: number, rules: number): void;
  packChanged(result: 'activated' | 'refused'): void;
  approvalAsked(): void;
  approvalEnded(status: string): void;
  approvalsPending(count: number): void;
  audited(seq: number): void;
}

/** The app's own metrics; the Charter's fifteen are apart. */
export function createMetrics(registry: Registry): CharterMetrics {
  const registers = [registry];
  const decisions = new Counter({
    name: 'charter_api_decisions_total',
    help: 'Decisions by effect and by how far automation may go.',
    labelNames: ['effect', 'automation'],
    registers,
  });
  const records = new Counter({
    name: 'charter_api_decisions_recorded_total',
    help: 'Decisions written to the record.',
    registers,
  });
  const lost = new Counter({
    name: 'charter_api_decisions_unrecorded_total',
    help: 'Decisions that did not fit the buffer; the audit log holds their number.',
    registers,
  });
  const policies = new Gauge({ name: 'charter_api_active_policies', help: 'Active policies.', registers });
  const rules = new Gauge({ name: 'charter_api_active_rules', help: 'Rules of the active policies.', registers });
  const packs = new Counter({
    name: 'charter_api_pack_imports_total',
    help: 'Packs taken from the watched file or folder.',
    labelNames: ['result'],
    registers,
  });
  const asked = new Counter({ name: 'charter_api_approvals_total', help: 'Questions to people.', registers });
  const ended = new Counter({
    name: 'charter_api_approvals_ended_total',
    help: 'Questions that ended, by answer.',
    labelNames: ['status'],
    registers,
  });
  const pending = new Gauge({ name: 'charter_api_approvals_pending', help: 'Questions that wait.', registers });
  const audit = new Gauge({ name: 'charter_api_audit_sequence', help: 'Newest record of the audit log.', registers });
  for (const effect of ['allow', 'deny', 'require-approval']) decisions.inc({ effect, automation: 'observe' }, 0);
  return {
    decided: (effect, automation) => decisions.inc({ effect, automation }),
    recorded: (count) => records.inc(count),
    decisionsLost: (count) => lost.inc(count),
    governing(policyCount, ruleCount) {
      policies.set(policyCount);
      rules.set(ruleCount);
    },
    packChanged: (result) => packs.inc({ result }),
    approvalAsked: () => asked.inc(),
    approvalEnded: (status) => ended.inc({ status }),
    approvalsPending: (count) => pending.set(count),
    audited: (seq) => audit.set(seq),
  };
}
