import { readFile, rename, writeFile } from 'node:fs/promises';

/** Where Debian's build of Alertmanager looks for its default templates, whatever folder it was unpacked to. */
const builtIn = '/usr/share/prometheus/alertmanager';
const descriptor = 9;

/**
 * Makes a program that looks for templates in a fixed folder of the system find them below the folder it was unpacked to. The
 * fixed path in the program is replaced by one of the same length through a descriptor, which a script opens before it runs
 * the program. So neither the machine nor the caller's working directory is touched. A program without that path stays as it is.
 */
export async function relocateTemplates(program: string): Promise<void> {
  const bytes = await readFile(program);
  if (!replaceAll(bytes, builtIn, `/proc/self/fd/${String(descriptor)}/`.padEnd(builtIn.length, './'))) return;
  await writeFile(program, bytes);
  await rename(program, `${program}.real`);
  await writeFile(program, launcher, { mode: 0o755 });
}

const launcher = `#!/bin/sh
exec ${String(descriptor)}<"\${0%/usr/bin/*}${builtIn}"
exec "$0.real" "$@"
`;

/** Replaces in place; answers whether there was anything to replace. */
function replaceAll(bytes: Buffer, from: string, to: string): boolean {
  let at = bytes.indexOf(from);
  const found = at !== -1;
  while (at !== -1) {
    bytes.write(to, at);
    at = bytes.indexOf(from, at + from.length);
  }
  return found;
}
