import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CharterProcesses, charterProcesses, post } from './launch-charter.ts';

let processes: CharterProcesses;
beforeAll(async () => {
  processes = await charterProcesses();
});
afterAll(() => processes.close());

const pack = (perHour: number): string => `apiVersion: charter/v1
kind: Policy
metadata: {name: exports}
rules:
  - {id: exports, effect: allow, match: {actions: [export]}, obligations: [{limit: {perHour: ${String(perHour)}}}]}
`;

interface Active {
  readonly id: string;
  readonly name: string;
}

test('a running charter takes in its folder when told to and when it changes, and keeps the last good pack', {
  timeout: 60_000,
}, async () => {
  const folder = join(processes.stateDir, 'watched');
  await mkdir(folder);
  await writeFile(join(folder, '10-exports.yaml'), pack(1));
  const { url, child } = await processes.launch({ CHARTER_PACK: folder });
  const active = async () => (await (await fetch(`${url}/api/v1/packs/active`)).json()) as Active;
  const perHour = async () =>
    (await post<{ obligations: { perHour?: number } }>(url, '/api/v1/decisions', { action: 'export', metric: 'm' }))
      .body.obligations.perHour;
  const onDisk = await active();
  expect(onDisk.name).toBe('watched');

  /** Another pack, put in force by a person: the files on disk have not changed. */
  const override = async (limit: number): Promise<void> => {
    const { body } = await post<{ id: string }>(url, '/api/v1/packs?name=other', pack(limit));
    expect(await post(url, `/api/v1/packs/${body.id}/activate`, {})).toMatchObject({ status: 200 });
    expect((await active()).id).toBe(body.id);
    expect(await perHour()).toBe(limit);
  };
  await override(20);
  child.kill('SIGHUP');
  await expect.poll(async () => (await active()).id).toBe(onDisk.id);
  await expect.poll(perHour).toBe(1);

  await override(30);
  expect(await post(url, '/-/reload')).toMatchObject({ status: 200, body: { pack: { status: 'active' } } });
  expect((await active()).id).toBe(onDisk.id);
  expect(await perHour()).toBe(1);

  await writeFile(join(folder, '10-exports.yaml'), pack(2));
  await expect.poll(perHour).toBe(2);
  await writeFile(join(folder, '20-broken.yaml'), 'kind: [');
  expect((await post(url, '/-/reload')).status).toBe(422);
  child.kill('SIGHUP');
  expect(await perHour()).toBe(2);
  await rm(join(folder, '20-broken.yaml'));
  await writeFile(join(folder, '10-exports.yaml'), pack(3));
  await expect.poll(perHour).toBe(3);
});
