import { readFile, rename, writeFile } from 'node:fs/promises';

const descriptor = 9;

/**
 * Makes a program that looks for its templates or pages in a fixed folder of the system find them below the folder it was
 * unpacked to. The fixed path in the program is replaced by one of the same length through a descriptor, which a script opens
 * before it runs the program. So neither the machine nor the caller's working directory is touched. A program without that path
 * stays as it is.
 *
 * @param program path of the program, `<root>/usr/bin/<name>`
 * @param builtIn the folder written in it, such as `/usr/share/<name>`; needed below `<root>`
 */
export async function relocateAssets(program: string, builtIn: string): Promise<void> {
  const bytes = await readFile(program);
  if (!replaceAll(bytes, builtIn, `/proc/self/fd/${String(descriptor)}/`.padEnd(builtIn.length, './'))) return;
  await writeFile(program, bytes);
  await rename(program, `${program}.real`);
  await writeFile(program, launcherFor(builtIn), { mode: 0o755 });
}

function launcherFor(builtIn: string): string {
  return `#!/bin/sh
exec ${String(descriptor)}<"\${0%/usr/bin/*}${builtIn}"
exec "$0.real" "$@"
`;
}

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
