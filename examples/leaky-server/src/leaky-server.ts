import { createServer, type Server, type ServerResponse } from 'node:http';
import { setTimeout as after } from 'node:timers/promises';

const MEBIBYTE = 1024 * 1024;
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

export interface LeakyOptions {
  /** Memory kept each second once told to leak. */
  readonly leakMebibytesPerSecond: number;
  /** The leak stops here, so that an example never takes a machine down. */
  readonly leakLimitMebibytes: number;
  readonly memory: () => NodeJS.MemoryUsage;
  readonly startedAtSeconds: number;
}

/** A small server that answers `GET /work`, and that leaks or hangs when told to. */
export function createLeakyServer(options: LeakyOptions): Server {
  const { leakMebibytesPerSecond, leakLimitMebibytes, memory, startedAtSeconds } = options;
  const kept: Buffer[] = [];
  const durations = { buckets: DURATION_BUCKETS.map(() => 0), sum: 0, count: 0 };
  let leak: NodeJS.Timeout | undefined;

  function startLeak(): void {
    leak ??= setInterval(() => {
      if (kept.length >= leakLimitMebibytes) clearInterval(leak);
      else kept.push(Buffer.alloc(MEBIBYTE, 1));
    }, 1000 / leakMebibytesPerSecond);
  }

  /** Blocks the event loop for good, without using the processor. */
  function hang(): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }

  async function work(response: ServerResponse): Promise<void> {
    const began = performance.now();
    await after(2);
    const seconds = (performance.now() - began) / 1000;
    DURATION_BUCKETS.forEach((bound, index) => {
      if (seconds <= bound) durations.buckets[index] = (durations.buckets[index] ?? 0) + 1;
    });
    durations.sum += seconds;
    durations.count += 1;
    answer(response, 200, { done: true });
  }

  function metrics(): string {
    const name = 'leaky_request_duration_seconds';
    return [
      '# HELP process_start_time_seconds Start time of the process since the epoch.',
      '# TYPE process_start_time_seconds gauge',
      `process_start_time_seconds ${String(startedAtSeconds)}`,
      '# HELP process_resident_memory_bytes Resident memory.',
      '# TYPE process_resident_memory_bytes gauge',
      `process_resident_memory_bytes ${String(memory().rss)}`,
      '# HELP leaky_kept_bytes Memory that the leak holds.',
      '# TYPE leaky_kept_bytes gauge',
      `leaky_kept_bytes ${String(kept.length * MEBIBYTE)}`,
      `# HELP ${name} Time to answer GET /work.`,
      `# TYPE ${name} histogram`,
      ...DURATION_BUCKETS.map(
        (bound, index) => `${name}_bucket{le="${String(bound)}"} ${String(durations.buckets[index])}`,
      ),
      `${name}_bucket{le="+Inf"} ${String(durations.count)}`,
      `${name}_sum ${String(durations.sum)}`,
      `${name}_count ${String(durations.count)}`,
      '',
    ].join('\n');
  }

  return createServer((request, response) => {
    request.resume();
    switch (`${String(request.method)} ${String(request.url)}`) {
      case 'GET /work':
        void work(response);
        return;
      case 'GET /health':
        return answer(response, 200, { status: 'healthy' });
      case 'GET /metrics':
        response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
        response.end(metrics());
        return;
      case 'POST /leak':
        startLeak();
        return answer(response, 202, { leaking: true });
      case 'POST /hang':
        response.once('close', hang);
        response.setHeader('connection', 'close');
        return answer(response, 202, { hanging: true });
      default:
        return answer(response, 404, { error: 'No such route' });
    }
  });
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}
