// Who is reading: nobody, or the holder of an API key. The key stays in this tab and is sent to this exchange only.

const KEY = "suanli.key";
let key = sessionStorage.getItem(KEY);
let holder = null, trying = false;
const listeners = new Set(), ended = new Set();

export const apiKey = () => key;
export const whoami = () => holder;
export const role = () => holder?.role ?? null;

const tell = () => { for (const listener of listeners) listener(); };
export const onSession = (listener) => listeners.add(listener);
export const onEnded = (listener) => ended.add(listener);

// Takes a key once the exchange knows it: `ask` reads /v1/keys/current with it.
export async function signIn(given, ask) {
  const before = key;
  trying = true;
  key = given;
  try {
    holder = await ask();
  } catch (error) {
    key = before;
    throw error;
  } finally {
    trying = false;
  }
  sessionStorage.setItem(KEY, given);
  tell();
}

export function signOut() {
  key = null;
  holder = null;
  sessionStorage.removeItem(KEY);
  tell();
}

// A key that the exchange no longer takes is let go, once, wherever that is found out.
export function refused(sent) {
  if (sent === null || sent !== key || holder === null || trying) return;
  signOut();
  for (const listener of ended) listener();
}

// After a reload the key is there and its holder is not yet known; a key that ended meanwhile is let go.
export async function resume(ask) {
  if (key === null) return;
  try {
    holder = await ask();
  } catch (error) {
    if (error.status !== 401) throw error;
    signOut();
  }
}
