export { type AlertmanagerOptions, startAlertmanager } from './alertmanager.ts';
export type { ExternalUrls } from './external-servers.ts';
export { type Binaries, type Binary, type FindOptions, findBinaries } from './find-binaries.ts';
export { assertPortsFree, defaultPorts, freePort, isPortFree, loopback } from './ports.ts';
export { type PostgresOptions, startPostgres } from './postgres.ts';
export { httpProbe, type Probe } from './probes.ts';
export { type PrometheusOptions, startPrometheus } from './prometheus.ts';
export { startRedis } from './redis.ts';
export type { Server, ServerOptions } from './server.ts';
export { type Report, StackError } from './stack-error.ts';
export { type ServerName, type Stack, type StackOptions, serverNames, stackPorts, startStack } from './start-stack.ts';
export {
  type Backoff,
  type PartStatus,
  type ProcessSpec,
  type ProcessState,
  type SupervisedProcess,
  superviseProcess,
} from './supervise-process.ts';
