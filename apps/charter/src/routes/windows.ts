import { identityOf, role } from '@charter/service';
import {
  CharterError,
  Instant,
  isWindowOpen,
  Name,
  PageQuery,
  Problem,
  pageOf,
  printable,
  Ulid,
  Window,
} from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Governance } from '../adapters/governance.ts';
import type { TimeWindows } from '../adapters/time-windows.ts';

const { type, targets, from, until, weekly } = Window.shape;
const NewWindow = z
  .strictObject({ name: Name, description: printable(2_000).optional(), type, targets, from, until, weekly })
  .refine((window) => (window.weekly === undefined) !== (window.from === undefined || window.until === undefined), {
    message: 'needs either from and until, or weekly',
  });
const ShownWindow = z.object({
  /** The pack's windows have none: they come and go with the pack. */
  id: Ulid.nullable(),
  source: z.enum(['pack', 'api']),
  name: Name,
  description: z.string().nullable(),
  type,
  targets: z.array(z.string()),
  from: Instant.nullable(),
  until: Instant.nullable(),
  weekly: weekly.unwrap().nullable(),
  open: z.boolean(),
  createdBy: z.string().nullable(),
  createdAt: Instant.nullable(),
});
const ById = z.strictObject({ id: Ulid });

export interface WindowDeps {
  readonly timeWindows: TimeWindows;
  readonly governance: Governance;
}

/** Times in which automation keeps still, alerts do not count, or conditions hold. */
export const windowRoutes: FastifyPluginAsyncZod<WindowDeps> = async (app, { timeWindows, governance }) => {
  async function all(): Promise<Array<z.infer<typeof ShownWindow>>> {
    const now = Date.now();
    const standing = await timeWindows.standing();
    const ofPack = (governance.current().pack?.documents ?? []).flatMap((document) => {
      const parsed = Window.safeParse(document);
      return parsed.success ? [shown(parsed.data, now, null)] : [];
    });
    return [...standing.map((stored) => shown(stored.window, now, stored)), ...ofPack];
  }

  app.get(
    '/windows',
    { config: role('viewer'), schema: { querystring: PageQuery, response: { 200: pageOf(ShownWindow) } } },
    async ({ query }) => {
      const windows = await all();
      const start = /^\d{1,9}$/.test(query.cursor ?? '') ? Number(query.cursor) : 0;
      const end = start + query.limit;
      return { items: windows.slice(start, end), nextCursor: windows.length > end ? String(end) : null };
    },
  );

  app.post(
    '/windows',
    { config: role('operator'), schema: { body: NewWindow, response: { 201: ShownWindow } } },
    async (request, reply) => {
      const { name, description, ...rest } = request.body;
      const metadata = description === undefined ? { name } : { name, description };
      const isOfPack = (await all()).some((shownWindow) => shownWindow.source === 'pack' && shownWindow.name === name);
      if (isOfPack) throw new CharterError('conflict', `The pack has a window named ${name}`);
      const window = Window.parse({ apiVersion: 'charter/v1', kind: 'Window', metadata, ...rest });
      const id = await timeWindows.add(window, identityOf(request).name);
      await governance.refresh();
      const added = (await timeWindows.standing()).find((stored) => stored.id === id) ?? null;
      return reply.code(201).send(shown(window, Date.now(), added));
    },
  );

  app.delete(
    '/windows/:id',
    { config: role('operator'), schema: { params: ById, response: { 204: z.undefined(), 404: Problem } } },
    async (request, reply) => {
      await timeWindows.end(request.params.id, identityOf(request).name);
      await governance.refresh();
      return reply.code(204).send();
    },
  );
};

const shown = (
  window: Window,
  now: number,
  stored: { id: string; createdBy: string; createdAt: string } | null,
): z.infer<typeof ShownWindow> => ({
  id: stored?.id ?? null,
  source: stored ? 'api' : 'pack',
  name: window.metadata.name,
  description: window.metadata.description ?? null,
  type: window.type,
  targets: window.targets,
  from: window.from ?? null,
  until: window.until ?? null,
  weekly: window.weekly ?? null,
  open: isWindowOpen(window, now),
  createdBy: stored?.createdBy ?? null,
  createdAt: stored?.createdAt ?? null,
});
