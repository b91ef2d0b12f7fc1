/** An answer of a service below 300 as JSON; anything else throws with the problem's own words. */
export async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({ detail: response.statusText }));
  throw Object.assign(new Error(problem.detail ?? response.statusText), { status: response.status });
}

export const get = (path) => call('GET', path);
export const post = (path, body = {}) => call('POST', path, body);
