import { ServiceConfig } from '@charter/service';
import { z } from 'zod';

/** Environment of the testbed besides what every service reads. */
export const TestbedConfig = ServiceConfig.extend({
  TESTBED_SEED: z.coerce.number().int().min(0).default(1),
  /** A simulated day may pass in minutes; it only shapes the traffic. */
  TESTBED_DAY_LENGTH_SECONDS: z.coerce.number().min(60).default(86_400),
  TESTBED_TICK_MS: z.coerce.number().int().min(20).max(1000).default(200),
});
