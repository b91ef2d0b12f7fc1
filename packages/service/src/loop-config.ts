import { queuePrefix } from '@charter/shared/contracts';
import { z } from 'zod';
import { defaultPorts, ServiceConfig } from './config.ts';

const at = (port: number) => z.url().default(`http://127.0.0.1:${String(port)}`);

/** Environment that every service of the loop reads besides its own: where the record, the queues and the others are. */
export const LoopConfig = ServiceConfig.extend({
  DATABASE_URL: z.url(),
  REDIS_URL: z.url(),
  PROMETHEUS_URL: at(9090),
  ALERTMANAGER_URL: at(9093),
  CHARTER_URL: at(defaultPorts.charter),
  ORCHESTRATOR_URL: at(defaultPorts.orchestrator),
  MONITOR_URL: at(defaultPorts.monitor),
  ANALYZE_URL: at(defaultPorts.analyze),
  PLAN_URL: at(defaultPorts.plan),
  EXECUTE_URL: at(defaultPorts.execute),
  KNOWLEDGE_URL: at(defaultPorts.knowledge),
  /** Bearer key for calls to the other services. */
  CHARTER_API_KEY: z.string().optional(),
  CHARTER_ENVIRONMENT: z.string().min(1).max(200).default('production'),
  /** Key prefix of the queues in Redis; all services of one loop share it. */
  CHARTER_QUEUE_PREFIX: z.string().min(1).default(queuePrefix),
  /** Take a Redis without an append-only file, or one that evicts keys. */
  CHARTER_ALLOW_VOLATILE_REDIS: z.stringbool().default(false),
});
export type LoopConfig = z.infer<typeof LoopConfig>;
