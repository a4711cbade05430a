import { RollcallError } from '@rollcall/protocol/error-code'
import { WAIT_SECONDS_MAX, WAIT_SECONDS_MIN } from '@rollcall/protocol/limits'

const WAIT = /^[ \t]*wait[ \t]*(?:=([^;]*))?(?:;|$)/i
const SECONDS = /^(?:\d{1,3}|"\d{1,3}")$/

/**
 * The seconds of `wait` in a Prefer header (RFC 7240 §4.3), `undefined` where it has none. Other preferences are
 * ignored, and so is every `wait` after the first.
 *
 * @throws RollcallError `invalid_request` for one that is no number from 1 to 30: whoever asks to wait and is not
 *   heard would take the answer for a receipt
 */
export function waitSeconds(header: string | readonly string[] | undefined): number | undefined {
  if (header === undefined) return undefined
  for (const preference of split(typeof header === 'string' ? header : header.join(','))) {
    const wait = WAIT.exec(preference)
    if (wait !== null) return parseSeconds((wait[1] ?? '').trim())
  }
  return undefined
}

function parseSeconds(text: string): number {
  const seconds = SECONDS.test(text) ? Number(text.replaceAll('"', '')) : 0
  if (seconds >= WAIT_SECONDS_MIN && seconds <= WAIT_SECONDS_MAX) return seconds
  const problem = `wait must be a number of seconds from ${WAIT_SECONDS_MIN} to ${WAIT_SECONDS_MAX}`
  throw new RollcallError('invalid_request', `Prefer: ${problem}`, { fields: [['Prefer', problem]] })
}

/** The items of a list: commas within quotes part nothing. (RFC 9110 §5.6) */
function split(list: string): readonly string[] {
  const items: string[] = []
  let start = 0
  let isQuoted = false
  for (let at = 0; at < list.length; at++) {
    const character = list[at]
    if (isQuoted && character === '\\') at++
    else if (character === '"') isQuoted = !isQuoted
    else if (character === ',' && !isQuoted) {
      items.push(list.slice(start, at))
      start = at + 1
    }
  }
  return [...items, list.slice(start)]
}
