import { mkdir, writeFile } from 'node:fs/promises';
import type { Bench, BenchRow } from './bench-row.ts';

/** Every benchmark by name, loaded when it runs. */
const benches: Record<string, () => Promise<Bench>> = {
  'hand-overs': async () => (await import('./loop/hand-overs.ts')).run,
  skeleton: async () => (await import('./loop/skeleton.ts')).run,
  heals: async () => (await import('./loop/heals.ts')).run,
  seeing: async () => (await import('./seeing.ts')).run,
  acting: async () => (await import('./acting.ts')).run,
  policy: async () => (await import('./policy.ts')).run,
  detection: async () => (await import('./detection.ts')).run,
  testbed: async () => (await import('./testbed-trials.ts')).run,
  learning: async () => (await import('./learning.ts')).run,
  replay: async () => (await import('./learning-replay.ts')).run,
};

const [first, ...rest] = process.argv.slice(2);
const isNamed = first !== undefined && !first.startsWith('-');
const names = isNamed ? [first] : Object.keys(benches);
const args = isNamed ? rest : process.argv.slice(2);

for (const name of names) {
  const load = benches[name];
  if (!load) {
    console.error(`No benchmark ${name}; there are ${Object.keys(benches).join(', ')}`);
    process.exit(2);
  }
  console.log(`\n== ${name}`);
  const rows = await (await load())(args);
  print(rows);
  await write(name, rows);
}

function print(rows: readonly BenchRow[]): void {
  const cells = rows.map(({ name, value, unit, reference, ratio, target = '' }) => [
    name,
    `${short(value)} ${unit}`,
    `${short(reference.value)} ${unit}`,
    reference.name,
    `${short(ratio)}×`,
    target,
  ]);
  const table = [['what', 'measured', 'beside', 'which is', 'ratio', 'target'], ...cells];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of table)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

async function write(name: string, rows: readonly BenchRow[]): Promise<void> {
  const folder = new URL('../results/', import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(rows, null, 2)}\n`);
}

function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 2 : 4;
  return value.toFixed(digits);
}
