import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrometheus } from '@charter/prometheus';
import { backcast, openHistory, readPack, replayHistory } from '@charter/replay';
import { startTestPostgres } from '@charter/stack/testing';
import { createTestDatabase } from '@charter/store/testing';
import type { BenchRow } from './bench-row.ts';
import { recordHistory } from './learning-history.ts';
import { packOfPast, startPast } from './learning-past.ts';
import { row } from './learning-table.ts';

const demoPack = join(import.meta.dirname, '../../deploy/packs/demo.yaml');
const allowedSeconds = 60;
const days = 29;

/**
 * How long replay and backcast take, on real Postgres and Prometheus, and that the same policy makes no difference. `--quick`
 * plays small forms of the same.
 */
export async function run(args: readonly string[] = []): Promise<BenchRow[]> {
  const quick = args.includes('--quick');
  const [incidents, alerts] = quick ? [2_000, 500] : [100_000, 10_000];
  const folder = await mkdtemp(join(tmpdir(), 'charter-replay-'));
  try {
    return [...(await historyRows(incidents, folder)), ...(await backcastRows(alerts, folder))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function historyRows(incidents: number, folder: string): Promise<BenchRow[]> {
  await using server = await startTestPostgres();
  const database = await createTestDatabase(server.url);
  const pack = await readPack(demoPack);
  await recordHistory({ databaseUrl: database.url, pack, incidents, seed: 1, days });
  const changed = join(folder, 'changed.yaml');
  const text = await readFile(demoPack, 'utf8');
  await writeFile(
    changed,
    text.replace(
      'actions: [BYPASS_VALIDATION], targets: [payments]',
      'actions: [RESTART_SERVICE], targets: [payments]',
    ),
  );
  const since = new Date(Date.now() - (days + 1) * 86_400_000);
  const history = openHistory(database.url);
  const same = await replayHistory(history, { pack, since, all: true });
  const other = await replayHistory(history, { pack: await readPack(changed), since });
  await history.close();
  const of = `${incidents.toLocaleString('en-US')} recorded incidents`;
  const value = { unit: 's', better: 'lower', reference: ['allowed', allowedSeconds] } as const;
  return [
    row({
      name: `replay: the same policy over its own history, differences of ${String(same.decisions)} decisions`,
      value: same.different,
      unit: 'decisions',
      better: 'lower',
      reference: ['allowed', 0],
      target: '0',
    }),
    row({ name: `replay: every stage of ${of} decided again`, value: same.seconds, ...value, target: '< 60' }),
    row({
      name: `replay: a changed policy over ${of} (${String(other.different)} differences)`,
      value: other.seconds,
      ...value,
      target: '< 60',
    }),
  ];
}

async function backcastRows(alerts: number, folder: string): Promise<BenchRow[]> {
  const components = 40;
  const stepSeconds = 60;
  const past = await startPast({ alerts, components, days: 14, seed: 1, stepSeconds });
  const path = join(folder, 'past.yaml');
  await writeFile(path, packOfPast(components));
  const prometheus = createPrometheus({
    url: past.url,
    timeoutMs: 60_000,
    maxAnswerBytes: 512 * 1024 * 1024,
    staleAfterSeconds: Number.MAX_SAFE_INTEGER,
  });
  const now = Date.now();
  const report = await backcast({
    prometheus,
    pack: await readPack(path),
    against: null,
    environment: 'production',
    since: new Date(now - 15 * 86_400_000),
    until: new Date(now),
    stepSeconds,
  });
  await prometheus.close();
  await past.stop();
  return [
    row({
      name: `backcast: ${report.alerts.toLocaleString('en-US')} alerts of a real Prometheus (${String(report.incidents)} incidents, ${String(report.spent.after.acts)} acts)`,
      value: report.seconds,
      unit: 's',
      better: 'lower',
      reference: ['allowed', allowedSeconds],
      target: '< 60',
    }),
  ];
}
