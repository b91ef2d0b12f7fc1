import { connect, type Socket } from 'node:net';

/** One line went out and no answer that could be read came back. */
export class LineBroken extends Error {}

/** A connection that asks one line and gets one line. */
export interface Line {
  /** Rejects with `LineBroken`; after that the line is of no more use. */
  ask(command: string): Promise<string>;
  close(): void;
}

export interface LineOptions {
  readonly host: string;
  readonly port: number;
  /** For everything on this line: a peer that is gone without a word is noticed by it. */
  readonly timeoutMs: number;
}

/** An answer is a value or `OK`; nothing this long is one. */
const longestAnswer = 1_000;

/** Rejects when nobody listens. */
export async function openLine({ host, port, timeoutMs }: LineOptions): Promise<Line> {
  const startedAt = performance.now();
  const socket = await dial(host, port, timeoutMs);
  let received = '';
  let broken: LineBroken | null = null;
  let waiting: { answered(text: string): void; failed(reason: LineBroken): void } | null = null;

  function breakDown(reason: string): void {
    broken ??= new LineBroken(reason);
    clearTimeout(timer);
    socket.destroy();
    waiting?.failed(broken);
    waiting = null;
  }
  socket.setEncoding('utf8');
  const timer = setTimeout(
    () => breakDown(`no answer within ${String(timeoutMs)} ms`),
    timeoutMs - (performance.now() - startedAt),
  );
  socket.on('error', (error) => breakDown('code' in error ? String(error.code) : error.message));
  socket.on('close', () => breakDown('the connection was closed'));
  socket.on('data', (text: string) => {
    received += text;
    const end = received.indexOf('\n');
    if (end < 0) {
      if (received.length > longestAnswer) breakDown('an answer without end');
      return;
    }
    const answer = received.slice(0, end).trim();
    received = received.slice(end + 1);
    if (!waiting || received !== '') return breakDown('an answer that nobody asked for');
    waiting.answered(answer);
    waiting = null;
  });

  return {
    ask: (command) =>
      new Promise((answered, failed) => {
        if (broken) return failed(broken);
        waiting = { answered, failed };
        socket.write(`${command}\n`);
      }),
    close: () => {
      clearTimeout(timer);
      socket.destroy();
    },
  };
}

function dial(host: string, port: number, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const failed = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    const late = (): void => failed(new LineBroken(`no connection within ${String(timeoutMs)} ms`));
    socket.setTimeout(timeoutMs, late);
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      socket.setTimeout(0);
      socket.off('timeout', late);
      resolve(socket);
    });
  });
}
