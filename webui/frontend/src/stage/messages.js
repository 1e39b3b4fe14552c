/** Owns where a message's tag is at a moment of simulated time. Pure. */

const HALF_TAG = 13;
const HELD = [0.12, 0.88];
const NODE_HEAD = 30;
const APART = 9;   // a read's way there and its way back share a step, and often a short line

/** Share of the way, 0 … 1, at a moment. Held: between 0.12 and 0.88, so that no tag hides in a box. */
export function progress(flight, atMs, { held = false, parked = false } = {}) {
  if (parked) return 0.5;
  const span = flight.due_ms - flight.sent_ms;
  const p = span > 0 ? Math.max(0, Math.min(1, (atMs - flight.sent_ms) / span)) : 1;
  const eased = p * p * (3 - 2 * p);
  return held ? Math.max(HELD[0], Math.min(HELD[1], eased)) : eased;
}

/** Flights to draw now: the current step's always, others only while they are under way. */
export function visibleFlights(flights, atMs) {
  return flights.filter((flight) => flight.isCurrent || (flight.sent_ms <= atMs && flight.due_ms > atMs));
}

/** Held, a tag stays clear of both ends (of a node's header too); on a short line it stands in the middle. */
export function keepClear(along, length, held, { from, to, id = "" }) {
  if (!held) return along;
  const [start, end] = [from, to].map((name) => HALF_TAG + 3 + (name.startsWith("kubelet/") ? NODE_HEAD : 0));
  if (length < start + end + 4) return length / 2 + (id.includes("/") ? APART : 0);
  return Math.max(start, Math.min(length - end, along));
}
