import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { CharterError } from '@charter/shared/contracts';
import { Agent, buildConnector } from 'undici';

export interface TlsFiles {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

function pemsFrom({ caFile, certFile, keyFile }: TlsFiles): { ca?: string; cert?: string; key?: string } {
  return {
    ...(caFile === undefined ? {} : { ca: pemFrom(caFile) }),
    ...(certFile === undefined ? {} : { cert: pemFrom(certFile) }),
    ...(keyFile === undefined ? {} : { key: pemFrom(keyFile) }),
  };
}

function pemFrom(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CharterError('config-invalid', `${file} cannot be read`, { cause });
  }
}

class HostNotAllowed extends Error {
  readonly code = 'HOST_NOT_ALLOWED';
}

/** Cloud metadata and other link-local addresses: never a target, whatever name points there. */
const never = new BlockList();
never.addSubnet('169.254.0.0', 16, 'ipv4');
never.addSubnet('fe80::', 10, 'ipv6');
never.addAddress('fd00:ec2::254', 'ipv6');
never.addSubnet('0.0.0.0', 8, 'ipv4');

/**
 * Connections to the named hosts only (`name`, `name:port`, `*.name`), checked as they are dialed: the name first, then
 * the address it resolves to, and that very address is dialed, so that a second answer of the resolver changes nothing.
 */
export function connectionsTo(allowed: readonly string[], tls: TlsFiles = {}): Agent {
  const connect = buildConnector({ timeout: 2_000, ...pemsFrom(tls) });
  return new Agent({
    pipelining: 0,
    connect(options, callback) {
      dial(allowed, options)
        .then((address) =>
          connect({ ...options, hostname: address, servername: options.servername ?? options.hostname }, callback),
        )
        .catch((error: Error) => callback(error, null));
    },
  });
}

const dial = (allowed: readonly string[], { hostname, port, protocol }: buildConnector.Options): Promise<string> =>
  addressOf(allowed, hostname, port || (protocol === 'https:' ? '443' : '80'));

/** The address of an allowed host, to be dialed as it is; rejects for every other host. */
export async function addressOf(allowed: readonly string[], hostname: string, portText: string): Promise<string> {
  const name = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (!allowed.some((pattern) => matches(pattern.toLowerCase(), name, portText))) {
    throw new HostNotAllowed(`${name}:${portText} is not among the allowed hosts`);
  }
  const addresses = isIP(name) === 0 ? (await lookup(name, { all: true })).map(({ address }) => address) : [name];
  const [first] = addresses;
  if (first === undefined) throw new HostNotAllowed(`${name} has no address`);
  if (never.check(first, isIP(first) === 6 ? 'ipv6' : 'ipv4')) {
    throw new HostNotAllowed(`${name} points at ${first}, where nothing may be sent`);
  }
  return first;
}

function matches(pattern: string, name: string, port: string): boolean {
  const [, host = pattern, wanted] = /^(.*?)(?::(\d+))?$/.exec(pattern) ?? [];
  if (wanted !== undefined && wanted !== port) return false;
  return host.startsWith('*.') ? name.endsWith(host.slice(1)) : name === host;
}
