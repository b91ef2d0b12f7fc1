// Preloaded in containers (`node --import`): what a variable `<NAME>_FILE` points to becomes `<NAME>`, as is usual for secrets.
import { readFileSync } from 'node:fs';

const suffix = '_FILE';

for (const [name, path] of Object.entries(process.env)) {
  if (!name.endsWith(suffix) || path === undefined || path === '') continue;
  process.env[name.slice(0, -suffix.length)] = readFileSync(path, 'utf8').trim();
}
