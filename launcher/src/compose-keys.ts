// Runs once before anything else in the compose file: makes every secret of the installation at its first start and keeps it then.
// `compose-keys.ts show <name>` prints one key, for the person who is to use it.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Who gets a key, and what it may do. */
const holders = [
  { name: 'viewer', role: 'viewer' },
  { name: 'operator', role: 'operator' },
  { name: 'approver', role: 'approver' },
  { name: 'admin', role: 'admin' },
  // The services call each other, and Alertmanager calls Monitor.
  { name: 'services', role: 'operator' },
  { name: 'alertmanager', role: 'operator' },
] as const;

const root = process.env.CHARTER_KEYS_DIR ?? '/charter/keys';
/** Only the one-shot containers see these: the keys themselves. */
const issued = join(root, 'issued');
/** What the services need: hashes of all keys, their own key, the address of the database. */
const services = join(root, 'services');
/** Postgres and Grafana run as other users, who must be able to read theirs. */
const servers = join(root, 'servers');

const [command, name] = process.argv.slice(2);
if (command === 'show') process.stdout.write(`${await readFile(join(issued, name ?? 'admin'), 'utf8')}\n`);
else await makeAll();

async function makeAll(): Promise<void> {
  for (const folder of [issued, services, servers]) await mkdir(folder, { recursive: true });
  const keys = await Promise.all(
    holders.map(async (holder) => ({ ...holder, key: await secret(issued, holder.name) })),
  );
  const hashed = keys.map(({ name, role, key }) => ({ name, role, sha256: sha256(key) }));
  await put(services, 'api-keys.json', JSON.stringify(hashed));
  await put(services, 'api-key', keys.find(({ name }) => name === 'services')?.key ?? '');
  const password = await secret(issued, 'postgres');
  await put(services, 'database-url', `postgres://charter:${password}@postgres:5432/charter`);
  await put(servers, 'postgres-password', password, 0o444);
  await put(servers, 'grafana-password', await secret(issued, 'grafana'), 0o444);
  process.stdout.write(`Keys of ${keys.map(({ name }) => name).join(', ')} are in place\n`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The secret of that name; made when there is none. */
async function secret(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  if (!existsSync(path)) await put(folder, name, randomBytes(32).toString('base64url'));
  return readFile(path, 'utf8');
}

/** Writes beside and renames: nobody reads half of a file, and a crash leaves none. */
async function put(folder: string, name: string, content: string, mode = 0o400): Promise<void> {
  const path = join(folder, name);
  const unfinished = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(unfinished, content, { mode });
  await rename(unfinished, path);
}
