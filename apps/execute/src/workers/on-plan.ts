import type { Plan } from '@charter/shared/contracts';
import type { ReceivedMessage } from '@charter/store';
import { type ExecuteStore, recordExecution, writeJournal } from '../adapters/execution-records.ts';

/** Records an execution in the transaction that takes the message off the queue; a runner carries it out. */
export const onPlan =
  ({ store, wake }: { store: ExecuteStore; wake: () => void }) =>
  async (message: ReceivedMessage<Plan>): Promise<boolean> => {
    const plan = message.data;
    const fresh = await store.consume(message, async (tx) => {
      const { id, isNew } = await recordExecution(tx, plan, { deadlineAt: new Date(plan.expiresAt) });
      const text = isNew ? `Plan ${plan.strategy} received` : `Plan ${plan.strategy} received again`;
      await writeJournal(tx.db, id, { kind: 'received', text, data: { messageId: message.id, planHash: plan.hash } });
    });
    if (fresh) wake();
    return fresh;
  };
