import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { tryLock, waitForLock } from '../src/file-lock.ts';
import { processIdentity } from '../src/process-identity.ts';
import { temporaryFolder } from './temporary-folder.ts';

const freshLock = (): string => join(temporaryFolder(), 'deeper', 'a.lock');

test('a lock names its living holder to whoever comes second', () => {
  const file = freshLock();
  expect(tryLock(file)).toHaveProperty('release');
  expect(tryLock(file)).toEqual({ holder: { pid: process.pid, identity: processIdentity(process.pid) } });
});

test('a lock that was given back can be taken again', () => {
  const file = freshLock();
  const first = tryLock(file);
  if (!('release' in first)) throw new Error('not taken');
  first.release();
  expect(existsSync(file)).toBe(false);
  expect(tryLock(file)).toHaveProperty('release');
});

test('giving back twice does not take the lock from its next holder', () => {
  const file = freshLock();
  const first = tryLock(file);
  if (!('release' in first)) throw new Error('not taken');
  first.release();
  writeFileSync(file, 'of somebody else');
  first.release();
  expect(existsSync(file)).toBe(true);
});

const gone = JSON.stringify({ pid: 2 ** 22 + 1, identity: 'boot:1' });
const reused = JSON.stringify({ pid: process.pid, identity: 'boot:1' });

test.for([
  { which: 'of a process that has ended', content: gone },
  { which: 'whose pid now belongs to another process', content: reused },
  { which: 'cut short by a crash', content: '{"pid":12' },
  { which: 'empty', content: '' },
])('a stale lock is taken over: $which', ({ content }) => {
  const file = freshLock();
  tryLock(file);
  writeFileSync(file, content);
  expect(tryLock(file)).toHaveProperty('release');
  expect(tryLock(file)).toHaveProperty('holder.pid', process.pid);
  expect(readdirSync(dirname(file))).toEqual(['a.lock']);
});

test('a waiter is told once whom it waits for and gets the lock when it is free', async () => {
  const file = freshLock();
  const first = tryLock(file);
  if (!('release' in first)) throw new Error('not taken');
  const told: number[] = [];
  const { promise: waiting, resolve } = Promise.withResolvers<void>();
  const second = waitForLock(file, ({ pid }) => {
    told.push(pid);
    resolve();
  });
  await waiting;
  first.release();
  const release = await second;
  expect(told).toEqual([process.pid]);
  expect(tryLock(file)).toHaveProperty('holder');
  release();
  expect(existsSync(file)).toBe(false);
});
