import { CharterError } from '@charter/shared/contracts';
import { isAuthenticationConfigured, isLoopback } from './authentication.ts';
import { type AppName, portOf, type ServiceConfig } from './config.ts';
import type { HttpApp } from './http.ts';

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/**
 * Listens on the service's address and gives its URL.
 * Throws `config-invalid` for an address other than loopback without authentication, and for a port that is taken.
 */
export async function listen(http: HttpApp, app: AppName, config: ServiceConfig): Promise<string> {
  const host = config.HOST;
  const port = portOf(app, config);
  if (!isLoopback(host) && !isAuthenticationConfigured(config)) {
    throw new CharterError(
      'config-invalid',
      `HOST: ${host} needs authentication (CHARTER_API_KEYS or CHARTER_JWT_SECRET or CHARTER_JWT_PUBLIC_KEY)`,
    );
  }
  try {
    return await http.listen({ host, port });
  } catch (cause) {
    if (hasCode(cause, 'EADDRINUSE')) {
      const hint = 'stop what uses it, or shift every port with CHARTER_PORT_BASE';
      throw new CharterError('config-invalid', `PORT: ${app} cannot listen on ${String(port)}, it is taken; ${hint}`, {
        cause,
      });
    }
    throw cause;
  }
}
