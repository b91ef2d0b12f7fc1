import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CharterProcesses, charterProcesses, post } from './launch-charter.ts';

let processes: CharterProcesses;
beforeAll(async () => {
  processes = await charterProcesses();
});
afterAll(() => processes.close());

const policy = (version: number) => ({
  apiVersion: 'charter/v1',
  kind: 'Policy',
  metadata: { name: 'killed', version: String(version) },
  rules: [{ id: 'r', effect: 'deny', match: { actions: ['export'] } }],
});

let version = 0;

/** Lets four writers change the policy and ask for decisions until so many answers came, and kills the charter. */
async function killAmidWrites(answers: number): Promise<void> {
  const { url, child } = await processes.launch();
  let answered = 0;
  const writers = Array.from({ length: 4 }, async () => {
    for (;;) {
      version += 1;
      await post(url, '/api/v1/policies/apply', { policy: policy(version) });
      await post(url, '/api/v1/decisions', { action: 'SCALE_UP', target: 'x', subject: 'plan' });
      await post(url, '/api/v1/decisions', { action: 'export', metric: 'm', subject: 'reader' });
      answered += 3;
    }
  });
  const ended = Promise.allSettled(writers);
  await expect.poll(() => answered, { interval: 1 }).toBeGreaterThan(answers);
  child.kill('SIGKILL');
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  await ended;
}

test('a charter killed again and again while it writes leaves one active version and a whole audit chain', {
  timeout: 120_000,
}, async () => {
  for (const answers of [5, 24]) {
    await killAmidWrites(answers);
    const { url, child } = await processes.launch();
    const audit = await fetch(`${url}/api/v1/audit/verify`);
    expect(await audit.json()).toMatchObject({ valid: true, firstBroken: null });
    const policies = (await (await fetch(`${url}/api/v1/policies`)).json()) as Array<{ status: string }>;
    expect(policies.filter(({ status }) => status === 'active')).toHaveLength(1);
    version += 1;
    expect(await post(url, '/api/v1/policies/apply', { policy: policy(version) })).toMatchObject({ status: 201 });
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  }
});

test('of two processes that change one draft, or activate at once, one wins', { timeout: 60_000 }, async () => {
  const [one, two] = await Promise.all([processes.launch(), processes.launch()]);
  const statusesOf = async (calls: ReadonlyArray<Promise<{ status: number }>>) =>
    (await Promise.all(calls)).map(({ status }) => status).sort();
  const { body } = await post<{ policy_id: string; revision: number }>(one.url, '/api/v1/policies', policy(0));
  const redraft = async (url: string, label: string) => {
    const response = await fetch(`${url}/api/v1/policies/${body.policy_id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        revision: body.revision,
        policy: { ...policy(0), metadata: { name: 'killed', version: label } },
      }),
    });
    await response.text();
    return response;
  };
  expect(await statusesOf([redraft(one.url, 'a'), redraft(two.url, 'b')])).toEqual([200, 409]);

  const policies = (await (await fetch(`${one.url}/api/v1/policies`)).json()) as Array<{
    policy_id: string;
    status: string;
  }>;
  const expectedActive = policies.find(({ status }) => status === 'active')?.policy_id ?? null;
  const apply = (url: string, effect: string) =>
    post(url, '/api/v1/policies/apply', {
      policy: { ...policy(0), rules: [{ id: effect, effect, match: { actions: ['import'] } }] },
      expectedActive,
    });
  expect(await statusesOf([apply(one.url, 'deny'), apply(two.url, 'allow')])).toEqual([201, 409]);
});
