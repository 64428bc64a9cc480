// What lives as long as a view does, told by the signal that the view was opened with.

// Calls `act` once the signal is aborted; at once where it was before.
export function whenOver(signal, act) {
  if (signal.aborted) act();
  else signal.addEventListener("abort", act, { once: true });
}
