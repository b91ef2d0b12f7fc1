import { Plan } from '@charter/shared/contracts';
import type { Plans } from '../ports.ts';
import { callService, type ServiceConnection } from './service-call.ts';

/** Plans from the plan service. */
export const planSource = (connection: ServiceConnection): Plans => ({
  find: (planId) =>
    callService(connection, { method: 'GET', path: `/api/v1/plans/${encodeURIComponent(planId)}`, contract: Plan }),
});
