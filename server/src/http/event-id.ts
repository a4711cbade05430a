// Visible ASCII but `%`, so that decoding the header always gives the id.
const PLAIN = /^[\x21-\x24\x26-\x7e]+$/

/** A sender's own event id may hold anything, a line break included; a header may not (RFC 9110 §5.5). */
export function eventIdHeader(eventId: string): string {
  return PLAIN.test(eventId) ? eventId : encodeURIComponent(eventId)
}
