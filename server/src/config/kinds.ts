import { integerFrom, oneOf, textThat } from '../parse/parse.ts'
import type { ConfigurationKey } from './key.ts'
import { digits, jsonThat, orUnset, readWord, words } from './parse.ts'

/** What a row of the table can be. Its name is said once: that in the environment is made of it. */

export function integer<const Name extends string>(
  name: Name,
  unit: string,
  [initial, min, max]: readonly [number, number, number],
  description: string,
): ConfigurationKey<Name, number> {
  const range = `${min} to ${max}`
  const own = { type: 'integer', unit, default: String(initial), range, min, max } as const
  return { name, env: environmentName(name), ...own, description, parse: digits(integerFrom(min, max, unit)) }
}

export function text<const Name extends string>(
  name: Name,
  initial: string,
  range: string,
  description: string,
): ConfigurationKey<Name, string> {
  const parse = textThat((given) => given !== '', range)
  const own = { type: 'string', unit: '', default: initial, range } as const
  return { name, env: environmentName(name), ...own, description, parse }
}

/** A text that need not be set. */
export function optional<const Name extends string>(
  name: Name,
  range: string,
  description: string,
  accepts: (given: string) => boolean = (given) => given !== '',
): ConfigurationKey<Name, string | undefined> {
  const own = { type: 'string', unit: '', default: '', range } as const
  return { name, env: environmentName(name), ...own, description, parse: orUnset(textThat(accepts, range)) }
}

/** One of a few words. */
export function choice<const Name extends string, const Choice extends string>(
  name: Name,
  initial: NoInfer<Choice>,
  choices: readonly Choice[],
  description: string,
): ConfigurationKey<Name, Choice> {
  const range = `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`
  const own = { type: 'string', unit: '', default: initial, range } as const
  return { name, env: environmentName(name), ...own, description, parse: oneOf(choices, range) }
}

export function flag<const Name extends string>(
  name: Name,
  initial: boolean,
  description: string,
): ConfigurationKey<Name, boolean> {
  const own = { type: 'boolean', unit: '', default: String(initial), range: 'true or false' } as const
  return { name, env: environmentName(name), ...own, description, parse: readWord }
}

/** @param read what is kept of an item; `undefined`: it cannot be used */
export function list<const Name extends string>(
  name: Name,
  range: string,
  description: string,
  read: (item: string) => string | undefined,
): ConfigurationKey<Name, readonly string[]> {
  const own = { type: 'list', unit: '', default: '', range } as const
  return { name, env: environmentName(name), ...own, description, parse: words(range, read) }
}

/** Whoever owns the key checks its form. */
export function json<const Name extends string>(
  name: Name,
  range: string,
  description: string,
): ConfigurationKey<Name, unknown> {
  const own = { type: 'json', unit: '', default: '', range } as const
  return { name, env: environmentName(name), ...own, description, parse: jsonThat(range) }
}

/** A key of which something else is kept than what was given. */
export function kept<const Name extends string, Given, Kept>(
  key: ConfigurationKey<Name, Given>,
  keep: (given: Given) => Kept,
): ConfigurationKey<Name, Kept> {
  return { ...key, parse: (value, name) => keep(key.parse(value, name)) }
}

/** The two keys of one rate limit: `docs/rate-limits.md`. */
export function rate<const What extends string, const Whose extends string>(
  what: What,
  unit: string,
  whose: Whose,
  [perSecond, burst]: readonly [number, number],
  description: string,
) {
  return [
    integer(
      `${what}PerSecondPer${whose}`,
      `${unit} per second`,
      [perSecond, 0, 10_000_000],
      `${description}, steadily. 0: no limit.`,
    ),
    integer(`${what}BurstPer${whose}`, unit, [burst, 1, 100_000_000], 'The same, at once.'),
  ] as const
}

/** How much of what is bounded for all one may have: `docs/sharing.md`. */
export function share<const Who extends string>(who: Who, percent: number, whom: string) {
  return integer(
    `${who}SharePercent`,
    'per cent',
    [percent, 1, 100],
    `How much of each shared thing ${whom} may hold. 100: all of it.`,
  )
}

/** `accessTokenTtlSeconds` → `ACCESS_TOKEN_TTL_SECONDS`. */
function environmentName(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase()
}
