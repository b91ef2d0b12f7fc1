import { CharterError, Permit } from '@charter/shared/contracts';
import type { Permits } from '../ports.ts';
import { callService, type ServiceConnection } from './service-call.ts';

/** Permits from the orchestrator. */
export const orchestratorPermits = (connection: ServiceConnection): Permits => ({
  async request(asked) {
    const permit = await callService(connection, {
      method: 'POST',
      path: '/api/v1/permits',
      body: asked,
      contract: Permit,
    });
    if (permit === null) throw new CharterError('upstream-unavailable', 'The orchestrator gives no permits');
    return permit;
  },
});
