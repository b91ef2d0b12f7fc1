import type { Generated } from 'kysely';

/** The schema every service shares: what was promised to a queue, and what was already taken from one. */
export interface TransportTables {
  'transport.outbox': {
    id: string;
    queue: string;
    producer: string;
    /** The whole envelope as JSON text: its digest must survive. */
    payload: string;
    digest: string;
    created_at: Generated<Date>;
    published_at: Date | null;
    acked_at: Date | null;
    dead_at: Date | null;
  };
  'transport.inbox': { consumer: string; id: string; taken_at: Generated<Date> };
}

export const transportMigrations: Readonly<Record<string, string>> = {
  '001-outbox-and-inbox': `
    create table outbox (
      id text primary key,
      queue text not null,
      producer text not null,
      payload text not null,
      digest text not null,
      created_at timestamptz not null default now(),
      published_at timestamptz,
      acked_at timestamptz,
      dead_at timestamptz
    );
    create index outbox_open on outbox (published_at nulls first) where acked_at is null and dead_at is null;
    create index outbox_acked on outbox (acked_at) where acked_at is not null;
    create table inbox (
      consumer text not null,
      id text not null,
      taken_at timestamptz not null default now(),
      primary key (consumer, id)
    );
    create index inbox_taken on inbox (taken_at);
  `,
};
