import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinaries, freePort, httpProbe, superviseProcess } from '@charter/stack';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prometheusHolder } from '../src/enforcement/adapters/data-holders.ts';

let folder: string;
let isSending = true;
const node = createServer((_request, response) => {
  response.setHeader('content-type', 'text/plain; version=0.0.4');
  response.end(isSending ? 'shoe_size 42\n' : 'other 1\n');
});

beforeAll(async () => {
  node.listen(0, '127.0.0.1');
  await once(node, 'listening');
  folder = await mkdtemp(join(tmpdir(), 'charter-prometheus-'));
});
afterAll(async () => {
  node.close();
  await rm(folder, { recursive: true, force: true });
});

/** A real Prometheus that has scraped one series of `shoe_size`, which nobody sends any more. */
async function prometheusWith(name: string, flags: readonly string[]) {
  isSending = true;
  const stateDir = join(folder, name);
  await mkdir(stateDir, { recursive: true });
  const { port: scraped } = node.address() as AddressInfo;
  const config = join(stateDir, 'prometheus.yaml');
  const target = `127.0.0.1:${String(scraped)}`;
  await writeFile(
    config,
    `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: node, static_configs: [{targets: ["${target}"]}]}]\n`,
  );
  const { prometheus } = await findBinaries();
  const listen = `127.0.0.1:${String(await freePort())}`;
  const url = `http://${listen}`;
  const server = await superviseProcess({
    name: 'prometheus',
    command: prometheus.path,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(stateDir, 'data')}`,
      `--web.listen-address=${listen}`,
      ...flags,
    ],
    env: prometheus.env,
    cwd: stateDir,
    stateDir,
    probe: httpProbe(`${url}/-/ready`),
  });
  await expect
    .poll(async () => (await fetch(`${url}/api/v1/query?query=shoe_size`)).text())
    .toContain('"__name__":"shoe_size"');
  isSending = false;
  return { url, stop: () => server.stop() };
}

test('a Prometheus without its admin API keeps the series, and the answer says so', async () => {
  const { url, stop } = await prometheusWith('closed', []);
  const removal = await prometheusHolder(url).remove({ metric: 'shoe_size' });
  expect(removal).toMatchObject({ holder: 'prometheus', removed: 0, remaining: 1 });
  expect(removal.detail).toMatch(/1 of 1 remain; deletion answered 50\d \(admin APIs disabled\)/);
  await stop();
});

test('a Prometheus with its admin API deletes the series, cleans the disk, and nothing remains', async () => {
  const { url, stop } = await prometheusWith('open', ['--web.enable-admin-api']);
  const holder = prometheusHolder(url);
  await expect
    .poll(() => holder.remove({ metric: 'shoe_size' }), { interval: 300 })
    .toMatchObject({ holder: 'prometheus', remaining: 0 });
  expect(await holder.remove({ metric: 'shoe_size' })).toMatchObject({ removed: 0, remaining: 0 });
  expect(await holder.remove({ metric: 'never_sent' })).toMatchObject({ removed: 0, remaining: 0 });
  await stop();
});
