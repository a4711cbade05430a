import { fields } from '../../api/parse.ts'

/**
 * Parses JSON whose numbers are written again as they stood, where the browser can do that: `1.0` and
 * 12345678901234567890 would otherwise be `1` and 12345678901234567000. Where it cannot, they are what JavaScript
 * makes of them.
 *
 * @throws SyntaxError
 */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, (_name: string, value: unknown, context?: unknown) => {
    if (typeof value !== 'number') return value
    const { source } = fields(context)
    return typeof source === 'string' && source !== String(value) ? raw(source, value) : value
  })
}

/** `JSON.rawJSON`, younger than some browsers. */
function raw(source: string, value: number): unknown {
  const make: unknown = Reflect.get(JSON, 'rawJSON')
  return typeof make === 'function' ? make(source) : value
}
