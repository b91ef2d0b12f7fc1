export { isAuthenticationConfigured } from './authentication.ts';
export { type AppName, configFrom, defaultPorts, type Environment, portOf, ServiceConfig } from './config.ts';
export { everyInterval } from './every-interval.ts';
export { buildHttp, type HttpApp, type HttpOptions } from './http.ts';
export {
  type Closeable,
  closeAll,
  closeOnSignal,
  type RunningService,
  runService,
  type ServiceParts,
  startService,
} from './lifecycle.ts';
export { listen } from './listen.ts';
export { createLog, type Log } from './log.ts';
export { LoopConfig } from './loop-config.ts';
export type { ReadinessCheck } from './operations.ts';
export { limitRate, type Pressure, type RateLimit, shedLoad } from './pressure.ts';
export { pointersFrom, problemFrom } from './problem.ts';
export { createRegistry, metricPrefix, type Registry } from './registry.ts';
export { type Identity, identityOf, type Role, type RouteRole, role, roles } from './role.ts';
export { childTraceparent, newTraceparent, traceIdOf, traceparentOf } from './trace.ts';
export { inSpan, type RunningSpan, type SpanOptions, type Tracing, tracingOf } from './tracing.ts';
