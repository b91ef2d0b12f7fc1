import { type Policy, policyFrom, readDocuments } from '@charter/policy';
import type { PolicyRow, Reader } from './policy-rows.ts';

export type LoadedPolicy = { readonly row: PolicyRow; readonly policy: Policy };

/** Parsed documents kept at most. */
const mostParsed = 500;

/** Reads revisions with their documents. A document is parsed once: it never changes, a draft aside, whose number grows. */
export function policyReader() {
  const parsed = new Map<string, Policy>();

  function parse(row: PolicyRow, text: string): Policy {
    const key = `${row.id}.${String(row.revision)}`;
    const known = parsed.get(key);
    if (known) return known;
    const read = readDocuments(text);
    const document = read.ok ? read.documents[row.document_index] : undefined;
    const result = document ? policyFrom(document) : null;
    if (!result?.ok) throw new Error(`policy ${row.id} was valid when it was stored and is no longer`);
    if (parsed.size >= mostParsed) parsed.clear();
    parsed.set(key, result.policy);
    return result.policy;
  }

  async function load(
    { db }: Reader,
    which: { ids: readonly string[] } | { status: 'active' },
  ): Promise<LoadedPolicy[]> {
    let query = db
      .selectFrom('policy')
      .leftJoin('pack', 'pack.id', 'policy.pack_id')
      .selectAll('policy')
      .select('pack.source as pack_source')
      .orderBy('policy.id');
    if ('status' in which) query = query.where('policy.status', '=', which.status);
    else if (which.ids.length === 0) return [];
    else query = query.where('policy.id', 'in', [...which.ids]);
    const rows = await query.execute();
    return rows.map(({ pack_source, ...row }) => ({ row, policy: parse(row, row.source ?? pack_source ?? '') }));
  }

  return {
    active: (reader: Reader) => load(reader, { status: 'active' }),
    byIds: (reader: Reader, ids: readonly string[]) => load(reader, { ids }),
  };
}
export type PolicyReader = ReturnType<typeof policyReader>;
