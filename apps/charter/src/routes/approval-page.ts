import { identityOf, role } from '@charter/service';
import { type Approval, CharterError, printable, Ulid } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApprovalDeps } from './approvals.ts';

const ById = z.strictObject({ id: Ulid });
const Form = z.strictObject({
  vote: z.enum(['approve', 'reject']),
  reason: printable(2_000).optional(),
  planHash: printable(128).optional(),
});
const html = 'text/html; charset=utf-8';

/** The page behind the link of a notice. Reading it changes nothing; its form posts the vote. */
export const approvalPageRoutes: FastifyPluginAsyncZod<ApprovalDeps> = async (app, deps) => {
  const { approvals, metrics, attendApprovals } = deps;
  app.addContentTypeParser<string>('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );

  app.get('/approvals/:id/page', { config: role('viewer'), schema: { params: ById } }, async (request, reply) => {
    const approval = await approvals.find(request.params.id);
    if (!approval) throw new CharterError('not-found', `No approval ${request.params.id}`);
    return reply.type(html).header('cache-control', 'no-store').send(pageOf(approval));
  });

  app.post('/approvals/:id/page', { config: role('approver'), schema: { params: ById } }, async (request, reply) => {
    const { vote, reason, planHash } = formFrom(request.body);
    const { name: by } = identityOf(request);
    const approval = await approvals.vote(request.params.id, { by, vote, reason: reason || null, planHash });
    if (approval.status !== 'pending') metrics.approvalEnded(approval.status);
    await attendApprovals();
    return reply.code(303).header('location', 'page').send();
  });
};

function formFrom(body: unknown): z.infer<typeof Form> {
  const fields = typeof body === 'string' ? Object.fromEntries(new URLSearchParams(body)) : {};
  const parsed = Form.safeParse(fields);
  if (parsed.success) return parsed.data;
  throw new CharterError('request-invalid', 'The form needs vote (approve or reject) and may have a reason');
}

const marks: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const text = (value: string): string => value.replaceAll(/[&<>"']/g, (mark) => marks[mark] ?? mark);

function pageOf(approval: Approval): string {
  const { title, action, target, explanation, status, votes, quorum, expiresAt, requestedBy, incidentId, planHash } =
    approval;
  const facts: ReadonlyArray<readonly [string, string]> = [
    [
      'Status',
      `${status} – ${String(votes.filter(({ vote }) => vote === 'approve').length)} of ${String(quorum)} approvals`,
    ],
    ['Action', `${action} on ${target}`],
    ['Asked by', requestedBy],
    ['Open until', expiresAt],
    ['Incident', incidentId],
    ['Plan hash', planHash],
  ];
  const rows = facts.map(([name, value]) => `<dt>${text(name)}</dt><dd>${text(value)}</dd>`).join('');
  const cast = votes
    .map(
      ({ by, vote, reason, at }) =>
        `<li>${text(by)}: ${vote}${reason === null ? '' : ` – ${text(reason)}`} (${text(at)})</li>`,
    )
    .join('');
  const form = `<form method="post" action="page"><input type="hidden" name="planHash" value="${text(planHash)}"><p><label>Reason <input name="reason" maxlength="2000"></label></p>
<p><button name="vote" value="approve">Approve</button> <button name="vote" value="reject">Reject</button></p></form>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${text(title)}</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}pre{white-space:pre-wrap}dt{font-weight:600}button{font:inherit;padding:.4rem 1.2rem}</style>
</head><body><h1>${text(title)}</h1><dl>${rows}</dl><pre>${text(explanation)}</pre><ul>${cast}</ul>${status === 'pending' ? form : ''}</body></html>
`;
}
