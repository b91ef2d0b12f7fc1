export { createTestKeys, expectEveryRouteGuarded, type TestKeys } from './every-route-guarded.ts';
export { type Answer, expectProblem, problemOf } from './expect-problem.ts';
export { describeServiceEdges, type EdgeOptions } from './service-edges.ts';
export { type ReceivedSpan, startTraceReceiver } from './trace-receiver.ts';
