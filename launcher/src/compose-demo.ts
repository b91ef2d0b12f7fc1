// Runs once after the services in the compose file: activates the demo pack, whose only targets are the testbed's, unless a pack is active.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { composeAddress } from './compose-addresses.ts';
import { demoPackFor } from './demo-pack.ts';

const keys = process.env.CHARTER_KEYS_DIR ?? '/charter/keys';
const charter = `http://${composeAddress(8000)}/api/v1`;
const testbed = `http://${composeAddress(8010)}`;

if (process.env.CHARTER_DEMO !== '1') process.stdout.write('CHARTER_DEMO is not 1: no pack is loaded\n');
else await loadDemoPack((await readFile(join(keys, 'issued/admin'), 'utf8')).trim());

async function loadDemoPack(apiKey: string): Promise<void> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };

  async function call(method: string, path: string, body: unknown): Promise<unknown> {
    const answer = await fetch(`${charter}${path}`, { method, headers, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answers ${String(answer.status)}: ${text.slice(0, 500)}`);
    return JSON.parse(text);
  }

  if ((await fetch(`${charter}/packs/active`, { headers })).ok) {
    process.stdout.write('The pack that was active stays active\n');
    return;
  }
  const environment = process.env.CHARTER_ENVIRONMENT ?? 'demo';
  const pack = await call('POST', '/packs', { name: 'demo', environment, source: await demoPackFor(testbed) });
  await call('POST', `/packs/${idOf(pack)}/activate`, {});
  // The policies of the pack say how far automation may go for its targets; nothing else is allowed anything.
  await call('PUT', '/automation', { mode: 'auto', maximum: 'auto', reason: 'demo: only the testbed is a target' });
  process.stdout.write('The demo pack is active (deploy/packs/demo.yaml)\n');
}

function idOf(pack: unknown): string {
  if (typeof pack === 'object' && pack !== null && 'id' in pack && typeof pack.id === 'string') return pack.id;
  throw new Error('POST /packs answers without an id');
}
