import { EVENT_TYPE_RULE, isEventType } from './event.ts'
import { isServerEventType } from './lifecycle.ts'

/** Longer than a name that somebody has typed: then there is nothing to mend, and nothing of it is repeated. */
const TYPED_CHARACTERS_MAX = 64

/**
 * What is wrong with an event type that is none, for error messages: the rule, and where a name can be made of what was
 * given, that name. It holds letters and digits of ASCII only, whatever was given.
 */
export function eventTypeFault(given: unknown): string {
  const name = correctedEventType(given)
  return `must be ${EVENT_TYPE_RULE}${name === undefined ? '' : `; here perhaps "${name}"`}`
}

/** The event type that was probably meant: `call-offered` gives `CallOfferedEvent`; `undefined` where none can be made. */
export function correctedEventType(given: unknown): string | undefined {
  if (typeof given !== 'string' || given.length > TYPED_CHARACTERS_MAX) return undefined
  const typed = given.replace(/event$/i, '')
  const words = (/[a-z]/.test(typed) ? typed : typed.toLowerCase())
    // Where camel case begins a new word, also behind a run of capitals.
    .replace(/([a-z0-9])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$2 ')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => /[A-Za-z]/.test(word))
    .map((word) => word.replace(/^\d+/, ''))
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  // A single word says on what, not yet what happened.
  const name = `${words.join('')}${words.length === 1 ? 'Sent' : ''}Event`
  return isEventType(name) && !isServerEventType(name) ? name : undefined
}
