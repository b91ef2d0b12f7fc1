import { collectAction } from '@charter/policy';
import type { Store } from '@charter/store';
import { sql } from 'kysely';
import { z } from 'zod';
import type { CharterTables } from '../../tables.ts';

/** Which data is revoked: samples of a metric, of a source, or both together. */
export interface RevocationScope {
  readonly metric?: string | undefined;
  readonly source?: string | undefined;
}

/** What one holder of data did; nothing remains when it is done. */
export interface Removal {
  readonly holder: string;
  readonly removed: number;
  readonly remaining: number | null;
  readonly detail: string;
}

/** Somebody who holds data that people may revoke. */
export interface DataHolder {
  remove(scope: RevocationScope): Promise<Removal>;
}

const timeoutMs = 3_000;
const done = 'done';

/** Recorded decisions about samples. The audit log keeps that they were made, by id. */
export const decisionHolder = (store: Store<CharterTables>): DataHolder => ({
  async remove({ metric, source }) {
    const about = sql<boolean>`action = ${collectAction}
      and (${metric ?? null}::text is null or body::json #>> '{request,metric}' = ${metric ?? null})
      and (${source ?? null}::text is null or subject = ${source ?? null})`;
    const { numDeletedRows } = await store.db.deleteFrom('decision').where(about).executeTakeFirstOrThrow();
    const { count } = await store.db
      .selectFrom('decision')
      .select((eb) => eb.fn.countAll<string>().as('count'))
      .where(about)
      .executeTakeFirstOrThrow();
    return {
      holder: 'charter',
      removed: Number(numDeletedRows),
      remaining: Number(count),
      detail: 'recorded decisions about samples',
    };
  },
});

const Vector = z.object({
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
});

const Refused = z.object({ error: z.string() });

/**
 * Series in Prometheus, at its admin API; where that is off (as it is unless Prometheus runs with
 * `--web.enable-admin-api`), series that exist stay, the answer says so, and the revocation stays open.
 */
export function prometheusHolder(url: string): DataHolder {
  const quoted = (text: string): string => JSON.stringify(text);

  async function countSeries(selector: string): Promise<number | null> {
    const query = new URLSearchParams({ query: `count(last_over_time(${selector}[30d]))` });
    try {
      const response = await fetch(new URL(`/api/v1/query?${query.toString()}`, url), {
        signal: AbortSignal.timeout(timeoutMs),
      });
      const { result } = Vector.parse(await response.json()).data;
      return Number(result[0]?.value[1] ?? 0);
    } catch {
      return null;
    }
  }

  async function admin(call: string): Promise<string> {
    try {
      const response = await fetch(new URL(`/api/v1/admin/tsdb/${call}`, url), {
        method: 'POST',
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (response.ok) return done;
      const refused = Refused.safeParse(await response.json().catch(() => null));
      return `answered ${String(response.status)}${refused.success ? ` (${refused.data.error})` : ''}`;
    } catch {
      return 'was not answered';
    }
  }

  return {
    async remove({ metric, source }) {
      const matchers = [
        ...(metric === undefined ? [] : [`__name__=${quoted(metric)}`]),
        ...(source === undefined ? [] : [`source=${quoted(source)}`]),
      ];
      const selector = `{${matchers.join(',')}}`;
      const before = await countSeries(selector);
      const answer = (removed: number, remaining: number | null, detail: string): Removal => ({
        holder: 'prometheus',
        removed,
        remaining,
        detail,
      });
      if (before === null) return answer(0, null, `Prometheus did not answer about ${selector}`);
      if (before === 0) return answer(0, 0, `holds no series ${selector}`);
      const deleted = await admin(`delete_series?${new URLSearchParams({ 'match[]': selector }).toString()}`);
      // Deleted samples stay on disk, unseen, until their tombstones are cleaned.
      const cleaned = deleted === done ? await admin('clean_tombstones') : 'not asked for';
      const remaining = await countSeries(selector);
      const left =
        remaining === null ? 'how many remain is not known' : `${String(remaining)} of ${String(before)} remain`;
      const detail = `series ${selector}: ${left}; deletion ${deleted}, cleaning the disk ${cleaned}`;
      return answer(before - (remaining ?? before), remaining, detail);
    },
  };
}
