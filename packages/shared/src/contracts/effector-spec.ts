import { z } from 'zod';
import { ActionType } from './action.ts';
import { Name } from './scalars.ts';

/** Hosts that may be dialed, as `name`, `name:port` or `*.name`; the host of the target's own address when absent. */
const allowHosts = z.array(z.string().min(1).max(253)).max(50).optional();
/** Name of the environment variable that holds the secret, or of the file `<NAME>_FILE` that does. */
const secretEnvironment = z.string().min(1).max(100).optional();
const filePath = z.string().min(1).max(500);

/** Parameters of Redis whose values are secrets: they would end up in journals. */
const secretParameters = /^(requirepass|masterauth|masteruser|tls-(client-)?key-file-pass|user)$/i;

const RedisParameter = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,99}$/, 'is no name of a parameter; patterns are not taken')
  .refine((name) => !secretParameters.test(name), 'holds a secret and is never read or set');

/** A JSON pointer into what `GET path` answers. */
const PlaceInAnswer = z.strictObject({ path: z.string().max(500), pointer: z.string().max(200) });

/** How a target is reached, and what of it. Secrets are named, never written here. */
export const EffectorSpec = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('testbed'), url: z.url(), component: Name }),
  z.strictObject({ kind: z.literal('charter'), url: z.url(), component: Name }),
  z.strictObject({
    kind: z.literal('http'),
    url: z.url(),
    /** Honors Idempotency-Key and Fencing-Token. */
    keyed: z.boolean().default(false),
    requests: z.partialRecord(
      ActionType,
      z.strictObject({
        method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE']),
        path: z.string().max(500),
        body: z.json().optional(),
      }),
    ),
    readBack: PlaceInAnswer.optional(),
    /** Where it shows what is another value after each restart, such as a start time: tells whether a restart took place. */
    restartMark: PlaceInAnswer.optional(),
    allowHosts,
    secretEnvironment,
  }),
  z.strictObject({
    kind: z.literal('process'),
    /** Where the supervisor of the process answers. */
    supervisorUrl: z.url(),
  }),
  z.strictObject({
    kind: z.literal('kubernetes'),
    /** The API server, such as `https://10.0.0.1:6443`. */
    url: z.url({ protocol: /^https?$/ }),
    namespace: z.string().min(1).max(63).default('default'),
    /** What is changed: a workload is scaled and restarted, a config map is set, a node is cordoned. */
    object: z.strictObject({
      kind: z.enum(['Deployment', 'StatefulSet', 'ConfigMap', 'Node']),
      name: z.string().min(1).max(253),
    }),
    allowHosts,
    /** Bearer token; in a pod `<NAME>_FILE` is the file of its service account. */
    secretEnvironment,
    /** PEM of the authority that signed the API server's certificate. */
    caFile: filePath.optional(),
  }),
  z.strictObject({
    kind: z.literal('docker'),
    /** The Engine API: `unix:///var/run/docker.sock`, or `https://host:2376` with `tls`. */
    url: z.url({ protocol: /^(unix|https?)$/ }),
    object: z.strictObject({
      /** A container of this engine, or a service of its swarm. */
      kind: z.enum(['container', 'service']),
      name: z.string().regex(/^[a-zA-Z0-9][\w.-]{0,199}$/, 'is no name of a container or service'),
    }),
    allowHosts,
    tls: z.strictObject({ caFile: filePath, certFile: filePath, keyFile: filePath }).optional(),
  }),
  z.strictObject({
    kind: z.literal('redis-config'),
    url: z.url({ protocol: /^rediss?$/ }),
    /** The parameters that may be read and set; no others are. */
    parameters: z.array(RedisParameter).min(1).max(50),
    /** Also writes the configuration file, so that a change survives a restart. */
    rewrite: z.boolean().default(false),
    username: z.string().min(1).max(100).optional(),
    allowHosts,
    secretEnvironment,
  }),
  z.strictObject({
    kind: z.literal('alertmanager'),
    url: z.url({ protocol: /^https?$/ }),
    /** Which alerts a silence of this target covers; at least one must not match everything. */
    matchers: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(200),
          value: z.string().max(2_000),
          isRegex: z.boolean().default(false),
          isEqual: z.boolean().default(true),
        }),
      )
      .min(1)
      .max(20)
      .refine((matchers) => matchers.some(({ value, isRegex, isEqual }) => isEqual && !isRegex && value !== ''), {
        message: 'needs a matcher that names a value: a silence must not cover everything',
      }),
    /** Silences are never longer than this. */
    longestSeconds: z.int().min(60).max(86_400).default(3_600),
    allowHosts,
    secretEnvironment,
  }),
  z.strictObject({
    kind: z.literal('swim'),
    /** Where the web system's line protocol answers. */
    url: z.string().regex(/^tcp:\/\/[^/?#@\s]+:\d{1,5}$/, 'is not tcp://host:port'),
    allowHosts,
  }),
]);
export type EffectorSpec = z.infer<typeof EffectorSpec>;
