import { TimelineEntry } from '@charter/shared/contracts';

export type StreamedEntry = TimelineEntry & { readonly id: string; readonly seq: string };

/**
 * Follows the orchestrator's timeline until `signal` aborts; a broken connection goes on after the last entry seen.
 * `last` is the number of the entry to go on after; from now on when absent.
 */
export async function* timelineOf(
  orchestratorUrl: string,
  signal: AbortSignal,
  last?: string,
): AsyncGenerator<StreamedEntry> {
  let seen = last;
  while (!signal.aborted) {
    try {
      const response = await fetch(`${orchestratorUrl}/api/v1/events`, {
        headers: seen === undefined ? {} : { 'last-event-id': seen },
        signal,
      });
      for await (const entry of entriesOf(response)) {
        seen = entry.seq;
        yield entry;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof TypeError)) throw error; // fetch's own word for a connection that broke
      await new Promise((next) => setTimeout(next, 250));
    }
  }
}

async function* entriesOf(response: Response): AsyncGenerator<StreamedEntry> {
  const decoder = new TextDecoder();
  let pending = '';
  for await (const chunk of response.body ?? []) {
    pending += decoder.decode(chunk as Uint8Array, { stream: true });
    const events = pending.split('\n\n');
    pending = events.pop() ?? '';
    for (const event of events) {
      const data = event.split('\n').find((line) => line.startsWith('data: '));
      if (data === undefined) continue;
      const entry: unknown = JSON.parse(data.slice('data: '.length));
      yield { ...TimelineEntry.parse(entry), ...(entry as { id: string; seq: string }) };
    }
  }
}
