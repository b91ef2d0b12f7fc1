import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '@charter/bench/detection';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** Labelled data lies beside the repository and is never part of it. */
const labelled = fileURLToPath(new URL('../../../shared/data', import.meta.url));
const casesTaken = ['petshop-low/c00', 'nezha-ob/2022-08-22-04', 'nezha-tt/2023-01-29-03'];
const seriesTaken = ['nab/realKnownCause/nyc_taxi.csv', 'mscloud/', 'asd/'];
/** All that a system under test may know of a case. */
const known = ['case', 'metrics', 'healthy', 'graph', 'symptom', 'injection_time', 'exclude', 'step_s'];

type Entry = Record<string, unknown>;
const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
const linesOf = (file: string): string[] => readFileSync(file, 'utf8').trimEnd().split('\n');

function copyInto(data: string, file: unknown): void {
  if (typeof file !== 'string') return;
  mkdirSync(path.dirname(path.join(data, file)), { recursive: true });
  cpSync(path.join(labelled, file), path.join(data, file));
}

/** A small part of the data from which the truth was taken away. */
function strippedCopy(data: string): { cases: Entry[]; series: Record<string, Entry> } {
  const cases = (read(path.join(labelled, 'rca/cases.json')) as Entry[])
    .filter((one) => casesTaken.includes(String(one.case)))
    .map((one) => Object.fromEntries(Object.entries(one).filter(([field]) => known.includes(field))));
  for (const { metrics, healthy, graph } of cases) for (const file of [metrics, healthy, graph]) copyInto(data, file);
  for (const file of ['traces.csv.gz', 'logs.csv.gz']) copyInto(data, `rca/nezha-tt/${file}`);
  const all = read(path.join(labelled, 'ad/labels.json')) as Record<string, Entry>;
  const series = Object.fromEntries(
    seriesTaken.map((prefix) => {
      const key = Object.keys(all).find((one) => one.startsWith(prefix)) ?? prefix;
      const { windows: _truth, interpretation: _blame, ...rest } = all[key] ?? {};
      return [key, rest];
    }),
  );
  for (const { file } of Object.values(series)) copyInto(data, file);
  writeFileSync(path.join(data, 'rca/cases.json'), JSON.stringify(cases));
  writeFileSync(path.join(data, 'ad/labels.json'), JSON.stringify(series));
  return { cases, series };
}

describe.skipIf(!existsSync(labelled))(`predictions on data without truth (skipped without ${labelled})`, () => {
  const root = mkdtempSync(path.join(tmpdir(), 'charter-predictions-'));
  const out = path.join(root, 'out');
  let copy: ReturnType<typeof strippedCopy>;
  let rows: unknown[];
  beforeAll(async () => {
    copy = strippedCopy(path.join(root, 'data'));
    rows = await run(['--data', path.join(root, 'data'), '--predictions', out]);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  test('claim no score', () => {
    expect(rows).toEqual([]);
  });

  test('rank the components of each case by confidence', () => {
    const rankings = read(path.join(out, 'rca.json')) as Record<string, { component: string; confidence: number }[]>;
    expect(Object.keys(rankings).sort()).toEqual(copy.cases.map((one) => String(one.case)).sort());
    for (const ranking of Object.values(rankings)) {
      expect(ranking.length).toBeGreaterThan(5);
      const confidences = ranking.map(({ confidence }) => confidence);
      expect(confidences).toEqual(confidences.toSorted((a, b) => b - a));
      expect(confidences.every((confidence) => confidence >= 0 && confidence <= 1)).toBe(true);
    }
    expect(rankings['nezha-ob/2022-08-22-04']?.[0]?.component).toBe('cartservice');
    expect(rankings['nezha-tt/2023-01-29-03']?.[0]?.component).toBe('ts-basic-service');
  });

  test('score every sample of NAB with a threshold fixed beforehand', () => {
    const lines = linesOf(path.join(out, 'nab/realKnownCause/nyc_taxi.csv'));
    const source = linesOf(path.join(labelled, 'ad/nab/realKnownCause/nyc_taxi.csv'));
    expect(lines[0]).toBe('timestamp,value,anomaly_score');
    expect(lines).toHaveLength(source.length);
    expect(lines.at(-1)?.split(',')[0]).toBe(source.at(-1)?.split(',')[0]);
    expect(lines.slice(1).every((line) => Number(line.split(',')[2]) >= 0 && Number(line.split(',')[2]) <= 1)).toBe(
      true,
    );
    expect(read(path.join(out, 'nab/threshold.json'))).toEqual({ threshold: 0.5 });
  });

  test('score every row of the other sets, and write nothing else', () => {
    const others = Object.entries(copy.series).filter(([key]) => !key.startsWith('nab/'));
    for (const [key, { rows: expected }] of others) {
      const lines = linesOf(path.join(out, 'ad', `${key}.csv`));
      expect(lines[0]).toBe('row,score');
      expect(lines).toHaveLength(Number(expected) + 1);
      expect(lines.at(-1)).toMatch(new RegExp(`^${String(Number(expected) - 1)},0?\\.?\\d`));
    }
    const written = readdirSync(out, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    expect(written).toHaveLength(1 + 2 + others.length);
  });
});
