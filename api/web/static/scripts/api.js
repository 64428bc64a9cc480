// The public HTTP API. Whatever this page shows, any client can get.
import { apiKey, refused } from "./session.js";

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail ?? body.title ?? String(status));
    this.status = status;
    this.code = body.code ?? "no_answer";
    this.body = body;
  }
}

function query(given) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(given ?? {})) if (value !== null && value !== undefined && value !== "") asked.append(name, value);
  const text = asked.toString();
  return text ? `?${text}` : "";
}

// The answer as it comes in; a refusal is a `Problem`.
export async function send(method, path, { params, body, headers = {}, signal } = {}) {
  const key = apiKey(), sent = { Accept: "application/json", ...headers };
  if (key) sent.Authorization = `Bearer ${key}`;
  if (body !== undefined) sent["Content-Type"] = "application/json";
  if (method === "POST") sent["Idempotency-Key"] = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  let answer;
  try {
    answer = await fetch(path + query(params), { method, headers: sent, body: body === undefined ? undefined : JSON.stringify(body), signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { code: "unreachable", detail: String(error.message) });
  }
  if (answer.status === 401) refused(key);
  if (!answer.ok) throw new Problem(answer.status, await read(answer));
  return answer;
}

async function read(answer) {
  const text = await answer.text();
  try { return text ? JSON.parse(text) : {}; } catch { return {}; /* an answer of something else than the exchange */ }
}

async function ask(method, path, options) {
  const answer = await send(method, path, options), found = await read(answer);
  Object.defineProperty(found, "etag", { value: answer.headers.get("ETag"), enumerable: false });
  return found;
}

export const get = (path, params, options) => ask("GET", path, { params, ...options });
export const post = (path, body, options) => ask("POST", path, { body, ...options });
export const put = (path, body, options) => ask("PUT", path, { body, ...options });
export const patch = (path, body, options) => ask("PATCH", path, { body, ...options });

// Every item of a list, or the first `most`.
export async function all(path, params = {}, most = Infinity) {
  const items = [];
  let cursor = null;
  do {
    const page = await get(path, { ...params, limit: Math.min(1000, most - items.length), cursor });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && items.length < most);
  return items;
}
