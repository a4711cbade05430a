const CHARACTERS_MAX = 256
// C0, DEL and C1: Node reads headers as latin1, and lets some of them pass.
const CONTROL = /\p{Cc}/gu

/**
 * What a header of a handshake says, for people to read: at most 256 characters without control characters, a copy that
 * keeps nothing else of the header in memory. Whatever is left is the client's word: plain text, never markup.
 */
export function readHeaderText(header: string | undefined): string | undefined {
  const text = header?.replace(CONTROL, '').trim().slice(0, CHARACTERS_MAX)
  return text ? Buffer.from(text, 'latin1').toString('latin1') : undefined
}
