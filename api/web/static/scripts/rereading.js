// Many reasons to read something again are one.
import { whenOver } from "./life.js";

// Gives { soon, now }: both call `read`, which tells of its own errors, `soon` some milliseconds later for all who asked
// meanwhile. It is never called before it is done; whoever asks in between has it called once more.
export function rereading(read, ms, signal) {
  let timer = null, busy = false, again = false;

  async function now() {
    clearTimeout(timer);
    timer = null;
    if (signal.aborted) return;
    if (busy) { again = true; return; }
    busy = true;
    try { await read(); } finally { busy = false; }
    if (!again) return;
    again = false;
    soon();
  }
  function soon() {
    if (!signal.aborted) timer ??= setTimeout(now, ms);
  }
  whenOver(signal, () => clearTimeout(timer));
  return { soon, now };
}
