import { ID_RULE, isId } from '@rollcall/protocol/id'
import { isLifecycleEventType, LIFECYCLE_EVENTS, type LifecycleEventType } from '@rollcall/protocol/lifecycle'
import {
  FormError,
  listOf,
  optional,
  type Reader,
  readFlag,
  readForm,
  required,
  textThat,
} from '../../parse/parse.ts'
import type { Webhook } from './directory.ts'
import { readSecrets } from './secrets-form.ts'

const URL_CHARACTERS_MAX = 2048
const EVENTS_MAX = 32
const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/
const SECRET_BYTES_MIN = 24
const SECRET_BYTES_MAX = 64
const ALL = '*'

/** Every type there is. */
const ALL_TYPES: readonly LifecycleEventType[] = Object.keys(LIFECYCLE_EVENTS).filter(isLifecycleEventType)

/** A webhook of an organization (`docs/directory.md`). */
export const readWebhook: Reader<Webhook> = (value, path) => {
  const object = readForm(value, path, ['id', 'url', 'secret', 'secrets', 'events', 'enabled', 'wakeUps'])
  return {
    id: required(object, 'id', textThat(isId, `an id: ${ID_RULE}`)),
    url: required(object, 'url', readUrl),
    secrets: readSecrets(object, 'secret', readSecret) ?? required(object, 'secret', () => []),
    events: new Set(required(object, 'events', listOf(readEvents, EVENTS_MAX)).flat()),
    enabled: optional(object, 'enabled', readFlag) ?? true,
    ...(optional(object, 'wakeUps', readFlag) === true ? { wakeUps: true } : {}),
  }
}

const readUrl: Reader<string> = (value, path) => {
  const text = textThat(
    isUrl,
    `an http or https URL without a user name, at most ${URL_CHARACTERS_MAX} characters`,
  )
  return new URL(text(value, path)).href
}

function isUrl(text: string): boolean {
  if (text.length > URL_CHARACTERS_MAX || !URL.canParse(text)) return false
  const { protocol, username, password, hash } = new URL(text)
  return ['http:', 'https:'].includes(protocol) && username === '' && password === '' && hash === ''
}

/** Standard Webhooks: "whsec_" and 24 to 64 bytes in base64. */
const readSecret: Reader<Buffer> = (value, path) => {
  const [, base64] = typeof value === 'string' ? (SECRET.exec(value) ?? []) : []
  const secret = Buffer.from(base64 ?? '', 'base64')
  const isWhole = secret.toString('base64').replace(/=+$/, '') === base64?.replace(/=+$/, '')
  if (!isWhole || secret.length < SECRET_BYTES_MIN || secret.length > SECRET_BYTES_MAX)
    throw new FormError(
      path,
      `must be "whsec_" and ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes in base64`,
    )
  return secret
}

const readEvents: Reader<readonly LifecycleEventType[]> = (value, path) => {
  if (value === ALL) return ALL_TYPES
  if (isLifecycleEventType(value)) return [value]
  throw new FormError(path, `must be "${ALL}" or one of ${ALL_TYPES.join(', ')}`)
}
