import type { Generated } from 'kysely';
import type { EnforcementTables } from './enforcement/tables.ts';

/** Tables of the charter's schema. Documents and requests are JSON text: jsonb would refuse some of what people send. */
export interface CharterTables extends EnforcementTables {
  /** One row; grows with every change of what governs decisions, so that each replica knows when to load again. */
  generation: { id: number; value: string };
  pack: {
    id: string;
    name: string;
    version: string;
    environment: string;
    digest: string;
    source: string;
    documents: string;
    policies: string[];
    created_by: string;
    created_at: Generated<Date>;
  };
  active_pack: { environment: string; pack_id: string; activated_at: Generated<Date>; activated_by: string };
  policy: {
    id: string;
    name: string;
    /** `*` when the document names none. */
    environment: string;
    version: string;
    form: string;
    status: string;
    digest: string;
    /** Null when the text is its pack's. */
    source: string | null;
    pack_id: string | null;
    /** Place among the documents of the source. */
    document_index: number;
    requires_approval: boolean;
    /** Grows with every change of a draft. */
    revision: Generated<number>;
    /** The policy that was active before this one. */
    replaced_id: string | null;
    created_by: string;
    created_at: Generated<Date>;
    activated_at: Date | null;
    ended_at: Date | null;
  };
  policy_set: { version: string; policy_ids: string[]; created_at: Generated<Date> };
  automation: {
    policy: string;
    action: string;
    target_class: string;
    mode: string;
    maximum: string;
    reason: string;
    changed_by: string;
    changed_at: Generated<Date>;
  };
  decision: {
    id: string;
    at: Date;
    effect: string;
    action: string;
    target: string | null;
    incident_id: string | null;
    plan_id: string | null;
    subject: string | null;
    policy: string | null;
    rule: string | null;
    policy_version: string;
    body: string;
  };
  decision_minute: { minute: Date };
  decision_stream: { id: string; beat_at: Generated<Date>; closed_at: Date | null };
  approval: {
    id: string;
    kind: string;
    plan_id: string;
    plan_hash: string;
    /** The hash that was asked about, where people tightened what they were asked. */
    edited_from: string | null;
    status: string;
    quorum: number;
    /** Who asked must not answer. */
    four_eyes: boolean;
    body: string;
    created_by: string;
    created_at: Generated<Date>;
    expires_at: Date;
    /** When an approval that was given stands no longer; null when it stands for good, or was not given. */
    stands_until: Date | null;
    decided_at: Date | null;
    notified_at: Date | null;
    /** When the change that was asked for was made or given up; only changes of policies and packs have one. */
    settled_at: Date | null;
    /** When half the time had passed in silence. */
    escalated_at: Date | null;
  };
  approval_vote: { approval_id: string; by: string; vote: string; reason: string | null; at: Generated<Date> };
  audit: {
    seq: string;
    at: string;
    actor: string;
    action: string;
    subject: string;
    data: string;
    prev_hash: string;
    hash: string;
  };
  audit_checkpoint: { seq: string; hash: string; at: string; key_id: string; signature: string };
  audit_key: { id: string; public_key: string; since: Generated<Date> };
  time_window: {
    id: string;
    name: string;
    body: string;
    created_by: string;
    created_at: Generated<Date>;
    ended_at: Date | null;
  };
}
