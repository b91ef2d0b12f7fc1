import { pageOf, Violation } from '@charter/shared/contracts';
import type { Violations } from '../ports.ts';
import { callService, type ServiceConnection } from './service-call.ts';

const Page = pageOf(Violation);

/** Violations from the monitor. */
export function monitorViolations(connection: ServiceConnection): Violations {
  const list = async (query: Record<string, string>): Promise<readonly Violation[]> => {
    const path = `/api/v1/violations?${new URLSearchParams(query).toString()}`;
    return (await callService(connection, { method: 'GET', path, contract: Page }))?.items ?? [];
  };
  return {
    find: async (fingerprint) => (await list({ fingerprint, limit: '1' }))[0] ?? null,
    async firingComponents() {
      const firing = await list({ state: 'firing', limit: '500' });
      return new Set(firing.map(({ component }) => component));
    },
  };
}
