import { EVENT_TYPE_CHARACTERS_MAX } from '@rollcall/protocol/limits'
import {
  FormError,
  listOf,
  memberPath,
  optional,
  type Reader,
  readForm,
  required,
  textThat,
} from '../../parse/parse.ts'
import { SEND_TO, type SendRule } from './directory.ts'

const RULES_MAX = 100
const TYPES_MAX = 100
const TYPE_PATTERN = /^[A-Za-z0-9*]+$/

/** The name of an authority. */
export const readAuthority = textThat(
  (text) => /^[!-~]{1,64}$/.test(text),
  '1 to 64 visible ASCII characters',
)

const readTo: Reader<SendRule['to']> = (value, path) => {
  const to = SEND_TO.find((known) => known === value)
  if (to === undefined) throw new FormError(path, `must be one of ${SEND_TO.join(', ')}`)
  return to
}

const readTypes = listOf(
  textThat(
    (text) => text.length <= EVENT_TYPE_CHARACTERS_MAX && TYPE_PATTERN.test(text),
    'an event type, in which * stands for any characters',
  ),
  TYPES_MAX,
)

const readSendRule: Reader<SendRule> = (value, path) => {
  const object = readForm(value, path, ['authority', 'to', 'types'])
  const rule = {
    authority: optional(object, 'authority', readAuthority),
    to: required(object, 'to', readTo),
    types: optional(object, 'types', readTypes),
  }
  // Somebody could read it as: everything but these.
  if (rule.to === 'none' && rule.types !== undefined)
    throw new FormError(
      memberPath(path, 'types'),
      'goes with "self" or "organization": what no rule allows is refused',
    )
  return rule
}

/** Who may send what to whom in an organization (`docs/directory.md`). */
export const readSendRules: Reader<readonly SendRule[]> = listOf(readSendRule, RULES_MAX)
