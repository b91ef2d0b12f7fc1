/** Calls a running service and answers its JSON. @throws Error with the problem's own words */
export async function callService<Body>(url: string, options: { method?: string; body?: unknown } = {}): Promise<Body> {
  const { method = 'GET', body } = options;
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} answers ${String(response.status)}: ${text.slice(0, 500)}`);
  return (text === '' ? undefined : JSON.parse(text)) as Body;
}
