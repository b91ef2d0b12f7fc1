import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createPrometheus } from '@charter/prometheus';
import { CharterError, secondsFrom } from '@charter/shared/contracts';
import { backcast } from './backcast/backcast.ts';
import { openHistory } from './history.ts';
import { textOf } from './print-report.ts';
import { readPack } from './read-pack.ts';
import { replayHistory } from './replay-history.ts';
import type { LearnerSettings } from './tally-replay.ts';

export const usage = `npm run replay -- --pack DIR [--since 30d] [--json FILE]
  [--database URL]     recorded history (default DATABASE_URL); read on a connection that cannot write
  [--prometheus URL]   no history of our own: what would have been done about this Prometheus' past
  [--against DIR]      with --prometheus: compare with this pack, not with doing nothing
  [--environment NAME] [--step 1m] with --prometheus; no finer than its rules are evaluated
  [--settings FILE]    numbers of the learner that differ, as JSON
  [--all]              decide stages that did not change again, too
Exit code: 0 no difference, 1 differences, 2 it could not be told`;

const defaultDatabase = 'postgres://127.0.0.1:5432/charter';
/** Reading a month of alerts in one answer a day. */
const reading = { timeoutMs: 60_000, maxAnswerBytes: 512 * 1024 * 1024, staleAfterSeconds: Number.MAX_SAFE_INTEGER };

/** Runs one replay or backcast. Prints a table, writes JSON where asked. @returns the exit code */
export async function runReplay(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  print: (text: string) => void,
): Promise<0 | 1 | 2> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        pack: { type: 'string' },
        since: { type: 'string', default: '30d' },
        json: { type: 'string' },
        database: { type: 'string' },
        prometheus: { type: 'string' },
        against: { type: 'string' },
        environment: { type: 'string' },
        step: { type: 'string', default: '1m' },
        settings: { type: 'string' },
        all: { type: 'boolean', default: false },
      },
    });
    if (values.pack === undefined) throw new CharterError('request-invalid', `--pack is missing\n${usage}`);
    const name = values.environment ?? environment.CHARTER_ENVIRONMENT ?? 'production';
    const pack = await readPack(values.pack, name);
    const since = new Date(Date.now() - duration(values.since) * 1_000);
    const settings = values.settings === undefined ? {} : settingsFrom(await readFile(values.settings, 'utf8'));
    const report =
      values.prometheus === undefined
        ? await fromHistory(values.database ?? environment.DATABASE_URL ?? defaultDatabase, {
            pack,
            since,
            settings,
            all: values.all,
          })
        : await fromPrometheus(values.prometheus, {
            pack,
            against: values.against === undefined ? null : await readPack(values.against, name),
            environment: name,
            since,
            until: new Date(),
            stepSeconds: duration(values.step),
            settings,
          });
    if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
    print(textOf(report));
    return report.different === 0 ? 0 : 1;
  } catch (error) {
    print(error instanceof Error ? error.message : String(error));
    return 2;
  }
}

async function fromHistory(url: string, options: Parameters<typeof replayHistory>[1]) {
  const history = openHistory(url);
  try {
    return await replayHistory(history, options);
  } finally {
    await history.close();
  }
}

async function fromPrometheus(url: string, options: Omit<Parameters<typeof backcast>[0], 'prometheus'>) {
  const prometheus = createPrometheus({ url, ...reading });
  try {
    return await backcast({ ...options, prometheus });
  } finally {
    await prometheus.close();
  }
}

function duration(text: string): number {
  const seconds = secondsFrom(text);
  if (seconds === null || seconds <= 0) throw new CharterError('request-invalid', `${text} is no duration like 30d`);
  return seconds;
}

function settingsFrom(text: string): LearnerSettings {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null)
    throw new CharterError('request-invalid', 'settings are an object');
  return parsed;
}
