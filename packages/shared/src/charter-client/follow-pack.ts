import { CharterError } from '../contracts/index.ts';
import type { CharterClient } from './client.ts';
import { type ParsedPack, parsePackDocuments } from './pack.ts';

/** What following needs of a log; pino's fits. */
export interface PackLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface FollowPackOptions {
  readonly client: Pick<CharterClient, 'activePack'>;
  /** Takes a new pack into use. When it throws, the pack counts as not taken and is offered again. */
  readonly onPack: (pack: ParsedPack) => unknown;
  /** Pause between questions, in milliseconds; 2000 unless it says otherwise. */
  readonly intervalMs?: number;
  readonly log?: PackLog;
}

/** The active pack, kept up to date. */
export interface FollowedPack {
  /** The last good pack; null until the first one. */
  current(): ParsedPack | null;
  /** Asks now, and resolves when the answer is taken in. Never throws. */
  refresh(): Promise<void>;
  /** For `/ready`: throws `upstream-unavailable` until there is a pack. */
  ready(): Promise<void>;
  /** Stops asking; resolves when nothing is under way. */
  close(): Promise<void>;
}

const defaultIntervalMs = 2000;

/** Asks the charter for the active pack again and again, hands on each new one, and keeps the last good one. */
export function followPack({ client, onPack, intervalMs = defaultIntervalMs, log }: FollowPackOptions): FollowedPack {
  let current: ParsedPack | null = null;
  let etag: string | undefined;
  let refusedId: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  const closing = new AbortController();

  async function take(): Promise<void> {
    const answer = await client.activePack(etag, { signal: closing.signal });
    if (answer.kind !== 'active' || closing.signal.aborted) return;
    const { id, name, version, environment, documents } = answer.pack;
    if (id === current?.id || id === refusedId) {
      etag = answer.etag ?? undefined;
      return;
    }
    let pack: ParsedPack;
    try {
      pack = { id, name, version, environment, ...parsePackDocuments(documents) };
    } catch (error) {
      if (error instanceof CharterError) refusedId = id;
      throw error;
    }
    await onPack(pack);
    current = pack;
    refusedId = undefined;
    etag = answer.etag ?? undefined;
    log?.info({ packId: id, version }, 'pack in use');
  }

  async function takeOrKeep(): Promise<void> {
    try {
      await take();
    } catch (error) {
      if (!closing.signal.aborted)
        log?.warn({ err: error, packId: current?.id }, 'no new pack; the last good one stays');
    }
  }

  let underWay: Promise<void> = Promise.resolve();
  function refresh(): Promise<void> {
    underWay = underWay.then(takeOrKeep);
    return underWay;
  }

  async function cycle(): Promise<void> {
    await refresh();
    if (!closing.signal.aborted) timer = setTimeout(() => void cycle(), intervalMs);
  }
  void cycle();

  return {
    current: () => current,
    refresh,
    async ready() {
      if (!current) throw new CharterError('upstream-unavailable', 'no pack from the charter yet');
    },
    async close() {
      closing.abort();
      clearTimeout(timer);
      await underWay;
    },
  };
}
