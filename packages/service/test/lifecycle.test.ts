import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Problem } from '@charter/shared/contracts';
import { expect, test } from 'vitest';
import { createLog, type HttpApp, listen, ServiceConfig, startService } from '../src/index.ts';
import { buildSample } from './sample-app.ts';

const config = ServiceConfig.parse({ LOG_LEVEL: 'silent', PORT: '0' });
const log = createLog('plan', config);

test('a service listens on loopback and closes its parts in reverse of the start order', async () => {
  const closed: string[] = [];
  const routes = (app: HttpApp) => app.addHook('onClose', async () => void closed.push('http'));
  const http = await buildSample({ routes });
  const part = (name: string) => ({ close: async () => void closed.push(name) });
  const service = await startService({ app: 'plan', config, log, http, closeables: [part('store'), part('worker')] });
  expect(service.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect((await fetch(`${service.url}/health`)).status).toBe(200);
  await service.close();
  expect(closed).toEqual(['http', 'worker', 'store']);
  await expect(fetch(`${service.url}/health`)).rejects.toThrow();
});

test('other addresses than loopback are refused without authentication', async () => {
  const http = await buildSample();
  await expect(listen(http, 'plan', { ...config, HOST: '0.0.0.0' })).rejects.toMatchObject({ code: 'config-invalid' });
  await http.close();
});

test('a taken port is told in one line that names it and the way out', async () => {
  const [first, second] = [await buildSample(), await buildSample()];
  const url = await listen(first, 'plan', config);
  const PORT = Number(new URL(url).port);
  const failure = startService({ app: 'plan', config: { ...config, PORT }, log, http: second, closeables: [] });
  await expect(failure).rejects.toThrow(new RegExp(`^PORT: plan cannot listen on ${String(PORT)}.*CHARTER_PORT_BASE$`));
  await first.close();
});

test('bytes that are no HTTP request are answered with a problem', async () => {
  const http = await buildSample();
  const { port } = new URL(await listen(http, 'plan', config));
  const socket = connect(Number(port), '127.0.0.1');
  socket.write('GARBAGE\r\n\r\n');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += String(chunk);
  });
  await once(socket, 'close');
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(Problem.parse(JSON.parse(answer.slice(answer.indexOf('{')))).code).toBe('request-invalid');
  await http.close();
});

test('SIGTERM lets a request in flight finish and ends the process with 0', async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./sample-main.ts', import.meta.url))], {
    env: { PATH: process.env.PATH, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
  });
  const urlIn = () => /"url":"([^"]+)"/.exec(output)?.[1] ?? '';
  await expect.poll(urlIn, { timeout: 10_000 }).not.toBe('');
  const slow = fetch(`${urlIn()}/slow`);
  await expect.poll(() => output).toContain('slow began');
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  const answer = await slow;
  expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
  expect(code).toBe(0);
  expect(output.indexOf('store closed')).toBeGreaterThan(output.indexOf('slow ended'));
});

test('a start that cannot succeed prints one plain line and ends the process with 1', async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./sample-main.ts', import.meta.url))], {
    env: { PATH: process.env.PATH, PORT: 'many' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, [code]] = await Promise.all([child.stdout.toArray(), once(child, 'exit')]);
  const lines = output.join('').trim().split('\n');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'fatal',
    code: 'config-invalid',
    msg: expect.stringMatching(/^PORT: /),
  });
  expect(code).toBe(1);
});
