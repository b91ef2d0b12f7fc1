import type { Log } from '@charter/service';
import type { ApprovalDeadlines, DueNotice } from './approval-deadlines.ts';

const timeoutMs = 5_000;

export interface NoticeOptions {
  readonly deadlines: ApprovalDeadlines;
  readonly webhook: string | undefined;
  /** Where people reach this service. */
  readonly publicUrl: () => string;
  readonly log: Log;
}

export const pageOfApproval = (publicUrl: string, id: string): string => `${publicUrl}/api/v1/approvals/${id}/page`;

function headline(escalated: DueNotice['escalated']): string {
  if (escalated === null) return 'Approval needed';
  return escalated.length === 0
    ? 'Still unanswered, approval needed'
    : `For ${escalated.join(', ')} now: approval needed`;
}

/** Tells people of every new question, with a link to its page, and once more when nobody answers; a notice that fails goes out with the next round. */
export function sendNotices({ deadlines, webhook, publicUrl, log }: NoticeOptions) {
  async function post(url: string, { approval, escalated }: DueNotice): Promise<void> {
    const link = pageOfApproval(publicUrl(), approval.id);
    const text = `${headline(escalated)} until ${approval.expiresAt}: ${approval.title} (${approval.action} on ${approval.target}). ${link}`;
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text, approvalId: approval.id, incidentId: approval.incidentId, url: link }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the webhook answered ${String(response.status)}`);
  }

  return async (): Promise<void> => {
    for (const notice of await deadlines.claimUnnotified()) {
      const { approval } = notice;
      log.info(
        { approvalId: approval.id, page: pageOfApproval(publicUrl(), approval.id) },
        `approval needed: ${approval.title}`,
      );
      if (webhook === undefined) continue;
      try {
        await post(webhook, notice);
      } catch (error) {
        log.warn({ err: error, approvalId: approval.id }, 'a notice did not go out, it is tried again');
        await deadlines.releaseNotice(approval.id);
      }
    }
  };
}
