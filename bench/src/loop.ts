import { freePort } from '@charter/stack';
import type { BenchRow } from './bench-row.ts';
import { handOvers } from './loop/hand-overs.ts';
import { heals } from './loop/heals.ts';
import { skeleton } from './loop/skeleton.ts';

/** What the loop itself costs: hand-overs, the services at rest, and how long a heal takes by stage. */
export async function run(): Promise<BenchRow[]> {
  const rows = await handOvers();
  const portBase = (await freePort()) - 8_000;
  return [...rows, ...(await skeleton(portBase)), ...(await heals(portBase))];
}
