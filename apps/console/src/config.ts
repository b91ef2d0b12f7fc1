import { LoopConfig } from '@charter/service';
import type { z } from 'zod';

/** The console keeps nothing: it reads queues from Redis and everything else from the services. */
export const ConsoleConfig = LoopConfig.omit({ DATABASE_URL: true });
export type ConsoleConfig = z.infer<typeof ConsoleConfig>;
