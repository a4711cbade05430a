import { ID_CHARACTERS_MAX } from './limits.ts'

// `+ # /` would widen MQTT topic filters and `$` opens the reserved topic space (MQTT 4.7); control
// characters would break headers and logs. [spec: "Ids"]
// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing control characters is the purpose
const FORBIDDEN = /[+#/$\u0000-\u001f\u007f-\u009f]/

/** What an id may be, for error messages. */
export const ID_RULE = `1 to ${ID_CHARACTERS_MAX} characters without + # / $ or control characters`

/**
 * Tells whether `value` may name an endpoint, user, organization or client: a string of 1 to 128 UTF-16
 * units, well-formed, without `+ # / $` and control characters.
 */
export function isId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= ID_CHARACTERS_MAX &&
    !FORBIDDEN.test(value) &&
    value.isWellFormed()
  )
}
