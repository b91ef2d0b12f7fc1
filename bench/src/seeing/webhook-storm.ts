import { Agent, request } from 'node:http';

export interface Storm {
  readonly alertsPerSecond: number;
  readonly alertsPerCall: number;
  readonly seconds: number;
}

/** What came of a storm. Times in milliseconds, from when a call was due to when its answer was there. */
export interface StormResult {
  readonly calls: number;
  readonly acceptedCalls: number;
  readonly acceptedAlerts: number;
  /** Answered 503, with a `Retry-After`. */
  readonly refused: number;
  /** Answered otherwise, or not at all. */
  readonly failed: number;
  readonly times: readonly number[];
  readonly seconds: number;
}

/** Components and rules that the alerts are about: a storm is many alerts of a few hundred problems. */
const components = 100;
const rules = 20;

/** One call of Alertmanager about alerts that no other call tells of. */
export function callBody(call: number, alerts: number): string {
  const alertname = `Rule${String(call % rules)}`;
  const items = Array.from({ length: alerts }, (_, index) => {
    const pod = `pod-${String(call)}-${String(index)}`;
    const component = `component-${String((call * alerts + index) % components)}`;
    return {
      status: 'firing',
      labels: { alertname, component, pod, severity: 'warning', namespace: 'shop', instance: '10.0.0.1:9100' },
      annotations: { summary: `${alertname} of ${pod}`, runbook_url: 'https://runbooks.example/rule' },
      startsAt: '2026-01-01T00:00:00Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus.example/graph',
      fingerprint: `${call.toString(16).padStart(8, '0')}${index.toString(16).padStart(8, '0')}`,
    };
  });
  return JSON.stringify({
    version: '4',
    groupKey: `{}:{alertname="${alertname}",call="${String(call)}"}`,
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'charter',
    groupLabels: { alertname },
    commonLabels: { alertname },
    commonAnnotations: {},
    externalURL: 'http://alertmanager.example:9093',
    alerts: items,
  });
}

/** Posts calls at a steady pace, each when it is due whatever became of those before. */
export async function sendStorm(url: string, storm: Storm, firstCall = 0): Promise<StormResult> {
  const { alertsPerSecond, alertsPerCall, seconds } = storm;
  const calls = Math.round((alertsPerSecond / alertsPerCall) * seconds);
  const everyMs = (1_000 * alertsPerCall) / alertsPerSecond;
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const tally = { acceptedCalls: 0, refused: 0, failed: 0 };
  const times: number[] = [];
  const answers: Promise<void>[] = [];
  const begun = performance.now();
  for (let call = 0; call < calls; call += 1) {
    const due = begun + call * everyMs;
    for (let early = due - performance.now(); early > 0; early = due - performance.now()) {
      await new Promise((next) => setTimeout(next, early));
    }
    const answer = post(url, agent, callBody(firstCall + call, alertsPerCall)).then((answered) => {
      times.push(performance.now() - due);
      tally[answered] += 1;
    });
    answers.push(answer);
  }
  await Promise.all(answers);
  agent.destroy();
  return {
    ...tally,
    calls,
    acceptedAlerts: tally.acceptedCalls * alertsPerCall,
    times,
    seconds: (performance.now() - begun) / 1_000,
  };
}

/** Posts calls of one alert, 64 at a time, until one is refused or `most` were sent. */
export async function floodUntilRefused(url: string, most: number, firstCall: number): Promise<StormResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const tally = { acceptedCalls: 0, refused: 0, failed: 0 };
  const times: number[] = [];
  const begun = performance.now();
  let sent = 0;
  async function sender(): Promise<void> {
    while (sent < most && tally.refused === 0) {
      const call = firstCall + sent;
      sent += 1;
      const at = performance.now();
      tally[await post(url, agent, callBody(call, 1))] += 1;
      times.push(performance.now() - at);
    }
  }
  await Promise.all(Array.from({ length: 64 }, sender));
  agent.destroy();
  const seconds = (performance.now() - begun) / 1_000;
  return { ...tally, calls: sent, acceptedAlerts: tally.acceptedCalls, times, seconds };
}

function post(url: string, agent: Agent, body: string): Promise<'acceptedCalls' | 'refused' | 'failed'> {
  const { promise, resolve } = Promise.withResolvers<'acceptedCalls' | 'refused' | 'failed'>();
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const sending = request(url, { method: 'POST', agent, headers }, (response) => {
    response.resume();
    response.once('end', () => {
      const { statusCode: status = 0, headers: answered } = response;
      if (status >= 200 && status < 300) resolve('acceptedCalls');
      else resolve(status === 503 && answered['retry-after'] !== undefined ? 'refused' : 'failed');
    });
    response.once('error', () => resolve('failed'));
  });
  sending.once('error', () => resolve('failed'));
  sending.end(body);
  return promise;
}
