import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { callService } from './service-api.ts';

const packFile = fileURLToPath(new URL('../../deploy/packs/demo.yaml', import.meta.url));
const testbedInPack = 'http://127.0.0.1:8010';

/** The demo pack's text, for a testbed that answers at `testbedUrl`. */
export async function demoPackFor(testbedUrl: string): Promise<string> {
  return (await readFile(packFile, 'utf8')).replaceAll(testbedInPack, testbedUrl);
}

/** Activates the demo pack unless some pack is active already. @returns whether it did */
export async function activateDemoPack(charterUrl: string, testbedUrl: string): Promise<boolean> {
  const active = await fetch(`${charterUrl}/api/v1/packs/active`);
  if (active.ok) return false;
  const body = { name: 'demo', environment: 'demo', source: await demoPackFor(testbedUrl) };
  const pack = await callService<{ id: string }>(`${charterUrl}/api/v1/packs`, { method: 'POST', body });
  await callService(`${charterUrl}/api/v1/packs/${pack.id}/activate`, { method: 'POST', body: {} });
  return true;
}
