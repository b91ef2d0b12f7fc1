import type { Policy } from '@charter/policy';
import { role } from '@charter/service';
import { CharterError, Problem, Ulid } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { DecisionRecord } from '../adapters/decision-record.ts';
import { readPolicy } from '../domain/policy-source.ts';
import { portable } from '../workers/analysis-job.ts';
import type { AnalyzePolicies } from '../workers/analyze-apart.ts';
import { requestOf } from '../workers/explain-decision.ts';
import type { PolicyText } from '../workers/policy-text.ts';

/** A policy as an object, as YAML or JSON text, or the id of a revision. */
const Source = z.union([z.looseObject({}), z.string()]);
const Rule = z.object({
  policy: z.string(),
  policyVersion: z.string().nullable(),
  id: z.string(),
  effect: z.string(),
  rollout: z.string(),
  pointer: z.string(),
  line: z.int().nullable(),
});
const Witness = z.record(z.string(), z.unknown()).nullable();
const Conflicts = z.object({
  counts: z.object({ error: z.int(), warning: z.int(), info: z.int() }),
  findings: z.array(
    z.object({
      kind: z.string(),
      severity: z.enum(['error', 'warning', 'info']),
      verdict: z.enum(['certain', 'unknown']),
      detail: z.string(),
      rules: z.array(Rule),
      witness: Witness,
    }),
  ),
});
const Permissiveness = z.enum(['equivalent', 'more', 'less', 'incomparable', 'unknown']);
const Names = z.object({ added: z.array(z.string()), removed: z.array(z.string()) });
const Comparison = z.object({
  verdict: Permissiveness,
  added: z.array(Rule),
  removed: z.array(Rule),
  changed: z.array(z.object({ before: Rule, after: Rule, parts: z.array(z.string()) })),
  perAction: z.array(
    z.object({
      action: z.string().nullable(),
      targetClass: z.string().nullable(),
      verdict: Permissiveness,
      witness: z.object({ more: Witness, less: Witness }),
    }),
  ),
  metrics: z.object({ whitelisted: Names, forbidden: Names }),
});
const ConflictsBody = z.strictObject({
  policies: z.array(Source).min(1).max(50),
  /** How many of the newest recorded decisions are looked at for gaps. */
  decisions: z.int().min(0).max(2_000).default(0),
});
const CompareBody = z.strictObject({ old: Source, new: Source });
const pageSize = 500;

export interface PolicyAnalysisDeps {
  readonly policyText: PolicyText;
  readonly analyzePolicies: AnalyzePolicies;
  readonly decisions: DecisionRecord;
  readonly environment: string;
}

/** What policies say to each other, and what a new version of one permits more or less than the old. */
export const policyAnalysisRoutes: FastifyPluginAsyncZod<PolicyAnalysisDeps> = async (app, deps) => {
  const { policyText, analyzePolicies, decisions, environment } = deps;

  const policyOf = async (source: z.infer<typeof Source>): Promise<Policy> =>
    typeof source === 'string' && Ulid.safeParse(source).success
      ? (await policyText(source)).policy
      : readPolicy(source).policy;

  async function recorded(most: number) {
    const requests = [];
    for (let cursor: string | undefined; requests.length < most; ) {
      const limit = Math.min(pageSize, most - requests.length);
      const page = await decisions.page(cursor === undefined ? { limit } : { limit, cursor });
      requests.push(...page.items.map(requestOf));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    return requests;
  }

  app.post(
    '/policies/conflicts',
    { config: role('viewer'), schema: { body: ConflictsBody, response: { 200: Conflicts, 422: Problem } } },
    async ({ body }) => {
      const policies = await Promise.all(body.policies.map(policyOf));
      const traffic = await recorded(body.decisions);
      const job = { kind: 'conflicts', policies: policies.map(portable), traffic, environment } as const;
      const answer = await analyzePolicies(job);
      const findings = answer.kind === 'conflicts' ? answer.findings : [];
      const count = (wanted: string) => findings.filter(({ severity }) => severity === wanted).length;
      const counts = { error: count('error'), warning: count('warning'), info: count('info') };
      return Conflicts.parse({ counts, findings });
    },
  );

  app.post(
    '/policies/compare',
    { config: role('viewer'), schema: { body: CompareBody, response: { 200: Comparison, 422: Problem } } },
    async ({ body }) => {
      const [before, after] = await Promise.all([policyOf(body.old), policyOf(body.new)]);
      const answer = await analyzePolicies({ kind: 'compare', before: [portable(before)], after: [portable(after)] });
      if (answer.kind !== 'compare' || !answer.result.ok) {
        const errors = answer.kind === 'compare' && !answer.result.ok ? answer.result.errors : [];
        throw new CharterError('document-invalid', errors[0]?.detail ?? 'The policies cannot be compared', {
          errors: errors.map(({ pointer, detail }) => ({ pointer, detail })),
        });
      }
      return Comparison.parse(answer.result.comparison);
    },
  );
};
