import type { IncidentLog, NumberedEntry } from './incident-log.ts';

const pollMs = 250;
const batch = 500;

interface Follower {
  last: bigint;
  readonly onEntry: (entry: NumberedEntry) => void;
}

/** Hands new timeline entries to everyone who follows; one read a round for all of them, none while nobody does. */
export function eventFeed(incidents: IncidentLog, onError: (error: unknown) => void) {
  const followers = new Set<Follower>();
  const onCloseListeners: Array<() => void> = [];
  let reading = false;

  async function round(): Promise<void> {
    if (reading || followers.size === 0) return;
    reading = true;
    try {
      const from = [...followers].reduce((least, { last }) => (last < least ? last : least), maxSeq);
      for (const entry of await incidents.after(String(from), batch)) {
        const seq = BigInt(entry.seq);
        for (const follower of followers) {
          if (seq <= follower.last) continue;
          follower.last = seq;
          follower.onEntry(entry);
        }
      }
    } catch (error) {
      onError(error);
    } finally {
      reading = false;
    }
  }

  const timer = setInterval(() => void round(), pollMs);

  return {
    /** From after `lastSeq`, or from now on when null. */
    async follow(lastSeq: string | null, onEntry: (entry: NumberedEntry) => void) {
      const follower = { last: BigInt(lastSeq ?? (await incidents.newestSeq())), onEntry };
      followers.add(follower);
      return { close: () => void followers.delete(follower) };
    },
    onClose: (listener: () => void) => void onCloseListeners.push(listener),
    close(): void {
      clearInterval(timer);
      for (const listener of onCloseListeners) listener();
    },
  };
}
export type EventFeed = ReturnType<typeof eventFeed>;

const maxSeq = 2n ** 63n - 1n;
