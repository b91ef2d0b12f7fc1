import { CharterError, type EffectorSpec } from '@charter/shared/contracts';
import type { ActuatorCall } from '../../domain/actuation.ts';
import type { EffectAnswer, Effector } from '../../ports.ts';
import { addressOf } from './allowed-hosts.ts';
import { type Line, openLine } from './swim-line.ts';

export type SwimSpec = Extract<EffectorSpec, { kind: 'swim' }>;

const readTimeoutMs = 2_000;
/** The system writes six digits. */
const dimmerPrecision = 1e-5;

type Order = { readonly replicas: number } | { readonly dimmer: number };

/**
 * A web system behind SWIM's line protocol: servers and dimmer. Set-point: `add_server` and `remove_server` are relative,
 * so the servers are counted on the same connection right before, and read back after. Only one server boots at a time;
 * more than one step up is refused, since the second step could not be taken now.
 */
export function swimEffector({ spec, target }: { readonly spec: SwimSpec; readonly target: string }): Effector {
  const { hostname, port } = new URL(spec.url);

  async function open(timeoutMs: number): Promise<Line> {
    const host = await addressOf(spec.allowHosts ?? [hostname], hostname, port);
    return openLine({ host, port: Number(port), timeoutMs });
  }

  async function reading<Answer>(read: (line: Line) => Promise<Answer>): Promise<Answer> {
    let line: Line | undefined;
    try {
      line = await open(readTimeoutMs);
      return await read(line);
    } catch (cause) {
      throw new CharterError('effector-unavailable', `${target} cannot be read: ${reasonOf(cause)}`, { cause });
    } finally {
      line?.close();
    }
  }

  return {
    kind: 'swim',
    guarantee: 'set-point',
    readSpec: () =>
      reading(async (line) => ({
        replicas: await numberFrom(line, 'get_servers'),
        config: { dimmer: await numberFrom(line, 'get_dimmer') },
      })),
    isReady: () =>
      reading(
        async (line) => (await numberFrom(line, 'get_servers')) === (await numberFrom(line, 'get_active_servers')),
      ),
    async isApplied(call) {
      const order = orderFrom(call);
      if (typeof order === 'string') return null;
      return reading(async (line) =>
        'replicas' in order
          ? (await numberFrom(line, 'get_servers')) === order.replicas
          : isDimmedTo(order.dimmer, await numberFrom(line, 'get_dimmer')),
      );
    },
    async apply({ call, timeoutMs }) {
      const order = orderFrom(call);
      if (typeof order === 'string') return { kind: 'refused', reason: `${target}: ${order}` };
      let line: Line | undefined;
      let commands: readonly string[];
      try {
        line = await open(timeoutMs);
        const steps = await stepsTo(order, line);
        if (typeof steps === 'string') return { kind: 'refused', reason: `${target}: ${steps}` };
        commands = steps;
      } catch (error) {
        line?.close();
        return { kind: 'not-sent', reason: reasonOf(error) };
      }
      try {
        return await say(line, commands);
      } finally {
        line.close();
      }
    },
    preview(call) {
      const order = orderFrom(call);
      if (typeof order === 'string') throw new CharterError('effector-refused', `${target}: ${order}`);
      return { method: 'replicas' in order ? 'add_server or remove_server' : 'set_dimmer', url: spec.url, body: order };
    },
  };
}

/** The commands from what is there now to what is wanted; none when it is there. */
async function stepsTo(order: Order, line: Line): Promise<readonly string[] | string> {
  if ('dimmer' in order) return [`set_dimmer ${String(order.dimmer)}`];
  const servers = await numberFrom(line, 'get_servers');
  const most = await numberFrom(line, 'get_max_servers');
  const { replicas } = order;
  if (replicas < 1 || replicas > most) return `it has 1 to ${String(most)} servers, not ${String(replicas)}`;
  if (replicas <= servers) return Array.from({ length: servers - replicas }, () => 'remove_server');
  if (servers > (await numberFrom(line, 'get_active_servers'))) return 'a server boots already, and only one may';
  if (replicas > servers + 1) return `only one server boots at a time: ${String(servers + 1)} is the most from here`;
  return ['add_server'];
}

async function say(line: Line, commands: readonly string[]): Promise<EffectAnswer> {
  for (const [index, command] of commands.entries()) {
    let answer: string;
    try {
      answer = await line.ask(command);
    } catch (error) {
      return { kind: 'unknown', reason: reasonOf(error) };
    }
    if (answer === 'OK') continue;
    const reason = `the target answers ${JSON.stringify(answer.slice(0, 300))} to ${command}`;
    return { kind: index === 0 && /^error\b/i.test(answer) ? 'refused' : 'unknown', reason };
  }
  return { kind: 'applied' };
}

async function numberFrom(line: Line, command: string): Promise<number> {
  const answer = await line.ask(command);
  const value = Number(answer);
  if (answer === '' || !Number.isFinite(value))
    throw new Error(`${JSON.stringify(answer.slice(0, 100))} to ${command}`);
  return value;
}

function orderFrom({ action, operation, body }: ActuatorCall): Order | string {
  if (operation === 'scale') {
    const { replicas } = body;
    return typeof replicas === 'number' && Number.isInteger(replicas) ? { replicas } : 'scaling needs whole replicas';
  }
  if (operation !== 'config') return `it does not take ${action}`;
  const { key, value } = body;
  if (key !== 'dimmer') return `its one setting is dimmer, not ${JSON.stringify(key ?? null)}`;
  if (typeof value !== 'number' || !(value >= 0 && value <= 1)) return 'the dimmer is a share from 0 to 1';
  return { dimmer: value };
}

const isDimmedTo = (wanted: number, now: number): boolean => Math.abs(wanted - now) < dimmerPrecision;

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message.slice(0, 300) : 'the connection broke';
}
