import type { Log } from '@charter/service';
import type { Approval } from '@charter/shared/contracts';
import type { ApprovalLog } from './approval-log.ts';

const timeoutMs = 5_000;

export interface NoticeOptions {
  readonly approvals: ApprovalLog;
  readonly webhook: string | undefined;
  /** Where people reach this service. */
  readonly publicUrl: () => string;
  readonly log: Log;
}

export const pageOfApproval = (publicUrl: string, id: string): string => `${publicUrl}/api/v1/approvals/${id}/page`;

/** Tells people of every new question, with a link to its page; a notice that fails goes out with the next round. */
export function sendNotices({ approvals, webhook, publicUrl, log }: NoticeOptions) {
  async function post(url: string, approval: Approval): Promise<void> {
    const link = pageOfApproval(publicUrl(), approval.id);
    const text = `Approval needed until ${approval.expiresAt}: ${approval.title} (${approval.action} on ${approval.target}). ${link}`;
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
    for (const approval of await approvals.claimUnnotified()) {
      log.info(
        { approvalId: approval.id, page: pageOfApproval(publicUrl(), approval.id) },
        `approval needed: ${approval.title}`,
      );
      if (webhook === undefined) continue;
      try {
        await post(webhook, approval);
      } catch (error) {
        log.warn({ err: error, approvalId: approval.id }, 'a notice did not go out, it is tried again');
        await approvals.releaseNotice(approval.id);
      }
    }
  };
}
