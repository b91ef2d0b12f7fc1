import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serviceNames } from '@charter/launcher';
import { defaultPorts } from '@charter/service';
import { DCLinter } from 'dclint';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { root } from './checkers.ts';

interface ComposeService {
  readonly image: string;
  readonly build?: object;
  readonly command?: readonly string[];
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly networks?: readonly string[];
  readonly network_mode?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
}
interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const text = read('docker-compose.yml');
const { services, networks, volumes }: ComposeFile = parse(text, { merge: true, maxAliasCount: 500 });
const all = Object.entries(services);
const own = all.filter(([, { build }]) => build !== undefined);
const dockerfile = read('Dockerfile');

/** Stages that run as often as wanted, so that a fixed port of the host would be in the way. */
const scaled = ['analyze', 'plan', 'execute'];

/** The merge key comes first and services stand in the order they start; `name` is refused by docker-compose 1.29. */
const lintRules = {
  'require-project-name-field': 0,
  'services-alphabetical-order': 0,
  'service-keys-order': [
    1,
    {
      groups: { Merge: ['<<'] },
      groupOrder: [
        'Merge',
        'Core Definitions',
        'Service Dependencies',
        'Data Management and Configuration',
        'Environment Configuration',
        'Networking',
        'Runtime Behavior',
        'Operational Metadata',
        'Security and Execution Context',
        'Resource Isolation',
        'Other',
      ],
    },
  ],
} as const;

test('dclint finds nothing to complain about', () => {
  const linter = new DCLinter({ rules: lintRules, quiet: false, debug: false, exclude: [] });
  const [result] = linter.lintFiles([join(root, 'docker-compose.yml')], false);
  expect(result?.messages).toEqual([]);
});

test('docker-compose 1.29 understands it, too', () => {
  expect(Object.keys(parse(text, { maxAliasCount: 500 }))).not.toContain('name');
  expect(text).not.toMatch(/start_interval|container_name|\$\{[^}]*:\+/);
  for (const [name, { depends_on = {} }] of all) {
    for (const dependency of Object.values(depends_on)) expect(Object.keys(dependency), name).toEqual(['condition']);
  }
});

test('every service of the loop, the console and the testbed are in it, each with its main file and its own port', () => {
  for (const name of serviceNames) {
    const service = services[name];
    expect(service?.command, name).toEqual([`apps/${name}/src/main.ts`]);
    expect(service?.environment?.PORT, name).toBe(String(defaultPorts[name]));
    expect(service?.ports?.[0], name).toMatch(new RegExp(`:${String(defaultPorts[name])}$`));
  }
});

describe('what it names exists', () => {
  test.for(own)('%s: its program', ([, { command }]) => {
    expect(existsSync(join(root, command?.[0] ?? 'missing'))).toBe(true);
  });

  test.for(all)('%s: volumes, networks, dependencies and folders of the checkout', ([, service]) => {
    for (const mount of service.volumes ?? []) {
      const [source = ''] = mount.split(':');
      if (source.startsWith('.')) expect(existsSync(join(root, source)), mount).toBe(true);
      else expect(Object.keys(volumes), mount).toContain(source);
    }
    for (const network of service.networks ?? []) expect(Object.keys(networks)).toContain(network);
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
      const wanted = services[name];
      expect(wanted, name).toBeDefined();
      const hasHealthCheck = wanted?.healthcheck !== undefined || wanted?.build !== undefined;
      if (condition === 'service_healthy') expect(hasHealthCheck, name).toBe(true);
    }
  });

  test('every volume and network has a user', () => {
    const mounted = new Set(all.flatMap(([, service]) => service.volumes ?? []).map((mount) => mount.split(':')[0]));
    for (const name of Object.keys(volumes)) expect(mounted, name).toContain(name);
    const joined = new Set(all.flatMap(([, service]) => service.networks ?? []));
    for (const name of Object.keys(networks)) expect(joined, name).toContain(name);
  });

  test.for(all)('%s: every address is that of another service that it shares a network with', ([name, service]) => {
    for (const [variable, value] of Object.entries(service.environment ?? {})) {
      if (!variable.endsWith('_URL') || value.includes('$') || value.startsWith('/')) continue;
      const { hostname, port } = new URL(value);
      const there = services[hostname];
      expect(there, `${variable} of ${name}`).toBeDefined();
      expect(
        there?.networks?.some((network) => service.networks?.includes(network)),
        variable,
      ).toBe(true);
      const listens = [...(there?.ports ?? []).map((each) => each.split(':').at(-1)), '6379', '5432'];
      expect(listens, variable).toContain(port);
    }
  });

  test.for(all)('%s: every file that a variable or argument names is on a mounted volume', ([, service]) => {
    const mounts = (service.volumes ?? []).map((mount) => mount.split(':')[1] ?? '');
    const named = [...Object.values(service.environment ?? {}), ...(service.command ?? [])].flatMap(
      (word) => /(?:^|=)(\/charter\/[^=]+)$/.exec(word)?.[1] ?? [],
    );
    const own = ['/charter/state']; // a folder of the image that only some services write to
    for (const path of named)
      expect(
        [...mounts, ...own].some((mount) => path.startsWith(mount)),
        path,
      ).toBe(true);
  });

  test.for(own)('%s: every variable is one that the code reads', ([name, { environment = {} }]) => {
    const sources = globSync(['apps/*/src/*.ts', 'packages/service/src/*.ts', 'launcher/src/*.ts'], { cwd: root })
      .map(read)
      .join('\n');
    for (const variable of Object.keys(environment)) {
      const plain = variable.replace(/_FILE$/, '');
      expect(new RegExp(`\\b${plain}\\b`).test(sources), `${variable} of ${name}`).toBe(true);
    }
  });
});

describe('secure by default', () => {
  test.for(all)('%s is not root, cannot write to its image and keeps no capability', ([, service]) => {
    expect(service.user).toMatch(/^(node|postgres|redis|nobody|grafana)$/);
    expect(service.read_only).toBe(true);
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
  });

  test('ports are published on the loopback address alone, and those of scaled stages are not fixed', () => {
    for (const [name, { ports = [] }] of all) {
      for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:\$\{CHARTER_PUBLISH_[A-Z]+:-\d*\}:\d+$/);
      if (scaled.includes(name)) expect(ports[0]).toContain(':-}:');
    }
  });

  test('every service asks for a key, and only what runs once sees the keys themselves', () => {
    for (const name of serviceNames) {
      expect(services[name]?.environment?.CHARTER_API_KEYS).toBe('/charter/keys/services/api-keys.json');
    }
    const holders = all.filter(([, service]) => service.volumes?.some((mount) => mount.startsWith('keys-issued:')));
    expect(holders.map(([name]) => name)).toEqual(['keys', 'configs', 'demo']);
  });

  test('the record and the queues are on a network without a way out, for the services alone', () => {
    expect(networks.data).toEqual({ internal: true });
    expect(services.postgres?.networks).toEqual(['data']);
    expect(services.redis?.networks).toEqual(['data']);
    expect(services.postgres?.ports ?? services.redis?.ports).toBeUndefined();
  });
});

describe('the image', () => {
  test('runs as an unprivileged user, with a health check of our own', () => {
    const last = dockerfile.slice(dockerfile.lastIndexOf('FROM '));
    expect(last).toMatch(/^USER node$/m);
    for (const [, path = ''] of last.matchAll(/"\/app\/(launcher\/[^"]+)"/g))
      expect(existsSync(join(root, path))).toBe(true);
    expect(last).toContain('launcher/src/compose-health.ts');
  });

  test('copies only what exists and is not ignored', () => {
    const letIn = read('.dockerignore')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    for (const [, source = ''] of dockerfile.matchAll(/^COPY (?!--from)(\S+) /gm)) {
      if (source === '.') continue;
      expect(existsSync(join(root, source)), source).toBe(true);
      expect(
        letIn.some((path) => source === path || source.startsWith(`${path}/`)),
        source,
      ).toBe(true);
    }
  });

  test('gets the package.json of every workspace, without which npm refuses the lock file', () => {
    const ignored = read('.dockerignore');
    const { workspaces }: { workspaces: string[] } = JSON.parse(read('package.json'));
    for (const workspace of workspaces) {
      const folder = workspace.replace(/\/\*$/, '');
      expect(ignored.split('\n'), workspace).toEqual(
        expect.arrayContaining([
          expect.stringMatching(new RegExp(`^!(${folder}|${workspace.replace('*', '\\*')}/package.json)$`)),
        ]),
      );
    }
  });

  test('names no registry', () => {
    expect(dockerfile + text).not.toMatch(/registry|ghcr|quay|docker\.io/);
  });
});
