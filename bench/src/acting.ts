import { parseArgs } from 'node:util';
import { measureExecutions } from './acting/executions.ts';
import { measurePlanning } from './acting/planning.ts';
import type { BenchRow } from './bench-row.ts';

/**
 * Acting: executions through the real journal beside bare inserts, and planning beside a loop that only scores.
 * `--executions N` measures fewer or more. */
export async function run(args: string[]): Promise<BenchRow[]> {
  const { values } = parseArgs({ args, options: { executions: { type: 'string', default: '4000' } } });
  const measured = Number(values.executions);
  return [...(await measureExecutions({ warmUp: Math.ceil(measured / 8), measured })), ...measurePlanning()];
}
