import type { ColumnType, Generated, JSONColumnType } from 'kysely';

/** A time that Postgres sets unless it is given. */
type Time = ColumnType<Date, Date | undefined, Date>;
type MaybeTime = ColumnType<Date | null, Date | null | undefined, Date | null>;
type Json = JSONColumnType<object>;

export interface PlanTables {
  incident: {
    id: string;
    environment: string;
    component: string;
    /** The component its best root cause names. */
    blamed: string;
    revision: number;
    analysis_id: string;
    analysis: Json;
    state: 'open' | 'resolved';
    merged_into: string | null;
    /** What was last answered; the same answer is not recorded twice. */
    answer: string | null;
    heard_at: Time;
  };
  plan: {
    id: string;
    incident_id: string;
    /** Component of the root cause it is against. */
    component: string | null;
    strategy: string;
    status: string;
    body: Json;
    classes: Json;
    answer: string;
    approval_id: string | null;
    /** False while an approval is to be withdrawn at the charter. */
    approval_closed: Generated<boolean>;
    execution_id: string | null;
    execution_state: string | null;
    outcome_id: string;
    outcome_type: string | null;
    reason: string | null;
    created_at: Time;
    expires_at: ColumnType<Date, Date, Date>;
    /** Until when a plan that does nothing waits for the incident to go away by itself. */
    watch_until: MaybeTime;
    ended_at: MaybeTime;
  };
  plan_target: { plan_id: string; target: string; generation: number; open: Generated<boolean> };
  plan_change: {
    plan_id: string;
    position: number;
    target: string;
    resource: string;
    sign: number;
    value: string;
    sent_at: MaybeTime;
  };
  target_generation: { target: string; generation: number };
  conflict: {
    id: string;
    kind: string;
    target: string;
    resource: string;
    plan_ids: Json;
    incident_ids: Json;
    strategies: Json;
    reason: string;
    opened_at: Time;
    frozen_until: ColumnType<Date, Date, Date>;
    closed_at: MaybeTime;
  };
  /** What exploring saved and spent, by the plans that were drawn; an explored one counts its reward once it is known. */
  choice: { plan_id: string; environment: string; explored: boolean; bar: number; credit: number; at: Time };
  /** What plans were made from: the parts of packs and the settings, and for each plan the facts and the charter's answers. */
  ground: { digest: string; body: Json; at: Time };
  situation: { plan_id: string; ground: string; status: string; facts: Json; asked: Json; at: Time };
  brake: { environment: string; since: MaybeTime; calm_since: MaybeTime };
  adaptation: {
    kind: string;
    subject: string;
    value: number;
    confidence: number;
    reason: string;
    at: ColumnType<Date, Date, Date>;
  };
}
