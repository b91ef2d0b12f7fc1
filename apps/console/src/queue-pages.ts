import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { Publisher } from '@charter/queue';
import type { HttpApp } from '@charter/service';
import { deadLetterQueueName, queues } from '@charter/shared/contracts';

const path = '/queues';

/** Dashboards of all queues. Whoever lacks the role `operator` can look; the server refuses the rest. */
export async function queuePages(app: HttpApp, publisher: Publisher): Promise<void> {
  const board = new FastifyAdapter();
  board.setBasePath(path);
  createBullBoard({
    queues: [...queues.map(({ name }) => name), deadLetterQueueName].map(
      (name) => new BullMQAdapter(publisher.queue(name), { description: purposes[name] ?? '' }),
    ),
    serverAdapter: board,
    options: { uiConfig: { boardTitle: 'Charter queues' } },
  });
  board.setErrorHandler((error) => {
    throw error; // up to the service's own handler: problem+json like everywhere
  });
  await app.register(board.registerPlugin(), { prefix: path });
}

const purposes: Readonly<Record<string, string>> = {
  signals: 'charter → monitor: enforcement events',
  cycles: 'orchestrator → monitor: observe now',
  violations: 'monitor → analyze',
  analyses: 'analyze → plan',
  plans: 'plan → execute: approved plans',
  outcomes: 'execute, plan → knowledge',
  timeline: 'every stage → orchestrator',
  'dead-letters': 'what no consumer could take, with the reason',
};
