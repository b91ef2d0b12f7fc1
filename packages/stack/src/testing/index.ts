export { type LoopbackServer, listenOnLoopback } from './loopback-server.ts';
export {
  type ConfiguredServer,
  startTestAlertmanager,
  startTestPostgres,
  startTestPrometheus,
  startTestRedis,
  type TestServer,
} from './test-servers.ts';
