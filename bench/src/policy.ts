import { compilePolicies, decide, type PolicySnapshot, validateBatch, validateSample } from '@charter/policy';
import type { BenchRow } from './bench-row.ts';
import { documentRows, policyFrom } from './policy-documents.ts';
import { overHttp } from './policy-http.ts';
import { limitFrom, scanFrom } from './policy-limits.ts';
import { bufbuildFrom, casbinFrom, caslFrom, cedarFrom, type Rival } from './policy-rivals.ts';
import { middle, type Timing, timeCalls } from './policy-timing.ts';
import { createWorkload, documentFrom, type Workload } from './policy-workload.ts';

const sizes = [10, 100, 1_000, 10_000];
const requestCount = 4_096;
const fastMs = 1_600;
const slowMs = 600;

/** Decisions of the Charter beside other engines and beside the limit, on one thread, in one run. */
export async function run(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const means = new Map<number, number>();
  for (const size of sizes) {
    const workload = createWorkload(size, requestCount);
    const snapshot = snapshotFrom(JSON.stringify(documentFrom(workload.rules)));
    const limit = limitFrom(snapshot);
    const ours: Rival = {
      name: 'Charter',
      loadMs: 0,
      allows: (request) => decide(snapshot, request).effect === 'allow',
    };
    const fast = [limit, scanFrom(snapshot), await bufbuildFrom(snapshot)];
    const slow = [await cedarFrom(workload.rules), await casbinFrom(workload.rules), await caslFrom(workload.rules)];
    agree(ours, [...fast, ...slow], workload);
    for (const request of workload.requests)
      if (limit.allows(request) !== ours.allows(request)) throw new Error('The limit decides otherwise');
    const [charter, floor] = interleaved(snapshot, limit, workload);
    means.set(size, charter.mean);
    const at = `at ${size.toLocaleString('en-US')} rules`;
    rows.push(
      row(`decision mean ${at}`, charter.mean, 'us', 'lower', limit.name, floor.mean, '<= 1.3x the limit'),
      row(`decision p50 ${at}`, charter.p50, 'us', 'lower', limit.name, floor.p50),
      row(`decision p99 ${at}`, charter.p99, 'us', 'lower', limit.name, floor.p99, '< 2 us'),
      row(`decisions per second ${at}`, charter.perSecond, '1/s', 'higher', limit.name, floor.perSecond),
    );
    for (const rival of [...fast.slice(1), ...slow]) {
      const { mean } = timeCalls(rival.allows, workload.requests, slowMs);
      rows.push(row(`decision mean ${at} beside ${rival.name}`, charter.mean, 'us', 'lower', rival.name, mean));
    }
    if (size === sizes.at(-1)) rows.push(...documentRows(workload, slow[0]?.loadMs ?? Number.NaN));
  }
  const small = means.get(100) ?? Number.NaN;
  rows.push(
    row(
      'decision mean at 10,000 rules beside 100 rules',
      means.get(10_000) ?? Number.NaN,
      'us',
      'lower',
      'the same at 100 rules',
      small,
      '<= 3x',
    ),
  );
  rows.push(...sampleRows(), ...(await overHttp()));
  return rows;
}

/** Both in alternating turns, so that a busy moment of the machine meets both; the median turn counts. */
function interleaved(snapshot: PolicySnapshot, limit: Rival, { requests }: Workload): [Timing, Timing] {
  const ours: Timing[] = [];
  const floors: Timing[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    ours.push(timeCalls((request) => decide(snapshot, request), requests, fastMs / 4));
    floors.push(timeCalls(limit.allows, requests, fastMs / 4));
  }
  return [medianOf(ours), medianOf(floors)];
}

function medianOf(timings: readonly Timing[]): Timing {
  const of = (key: keyof Timing): number => middle(timings.map((timing) => timing[key]));
  return { mean: of('mean'), p50: of('p50'), p99: of('p99'), perSecond: of('perSecond') };
}

/** A comparison counts only between engines that decide alike. */
function agree(ours: Rival, rivals: readonly Rival[], { requests }: Workload): void {
  for (const request of requests.slice(0, 200)) {
    const expected = ours.allows(request);
    for (const rival of rivals) {
      if (rival.allows(request) !== expected)
        throw new Error(`${rival.name} decides otherwise on ${JSON.stringify(request)}`);
    }
  }
}

function snapshotFrom(text: string): PolicySnapshot {
  const compiled = compilePolicies([policyFrom(text)]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors.slice(0, 3)));
  return compiled.snapshot;
}

/** Samples against a document of the usual size: 13 whitelisted and 6 forbidden names. */
function sampleRows(): BenchRow[] {
  const whitelisted = Array.from({ length: 13 }, (_, at) => `metric_${String(at)}`);
  const forbidden = Array.from({ length: 6 }, (_, at) => `private_${String(at)}`);
  const snapshot = snapshotFrom(
    JSON.stringify({
      charter: { name: 'c', version: '1' },
      whitelisted_metrics: { all: whitelisted },
      forbidden_metrics: forbidden,
    }),
  );
  const now = Date.UTC(2026, 0, 5, 12);
  const names = [...whitelisted, ...forbidden, 'unknown'];
  const samples: object[] = Array.from({ length: 100 }, (_, at) => ({
    metric_name: names[at % names.length],
    value: at,
    timestamp: '2026-01-05T11:59:00.123Z',
    source: `node-${String(at % 7)}`,
    labels: { region: 'north' },
  }));
  const batches = Array.from({ length: 8 }, (): unknown[] => JSON.parse(JSON.stringify(samples)));
  const batch = timeCalls((items) => validateBatch(snapshot, items, now), batches, fastMs);
  const one = timeCalls((item) => validateSample(snapshot, item, now), batches.flat(), fastMs);
  const bare = new Set(whitelisted);
  const lookups = timeCalls(
    (items) =>
      items.map((item) => ({
        allowed:
          typeof item === 'object' && item !== null && 'metric_name' in item && bare.has(String(item.metric_name)),
      })),
    batches,
    slowMs,
  );
  return [
    row('validate one sample, p99', one.p99, 'us', 'lower', 'its mean', one.mean, '< 10 us'),
    row(
      'validate a batch of 100 samples, mean',
      batch.mean,
      'us',
      'lower',
      '100 lookups in a set, nothing checked',
      lookups.mean,
      '< 100 us',
    ),
    row(
      'validate a batch of 100 samples, p99',
      batch.p99,
      'us',
      'lower',
      '100 lookups in a set, nothing checked',
      lookups.p99,
      '< 100 us',
    ),
  ];
}

function row(
  name: string,
  value: number,
  unit: string,
  better: BenchRow['better'],
  referenceName: string,
  referenceValue: number,
  target?: string,
): BenchRow {
  const bare = {
    name,
    value,
    unit,
    better,
    reference: { name: referenceName, value: referenceValue },
    ratio: value / referenceValue,
  };
  return target === undefined ? bare : { ...bare, target };
}
