import { FormError } from '../../parse/parse.ts'
import { type Entry, type EntryDraft, type Members, placeOf, readEntry } from './entry.ts'

/** Seals what must not be on disk in clear; `masks` has the one that there is. */
export type SecretSealer = {
  readonly keyId: string
  seal(clear: Buffer, context: string): Buffer
  open(sealed: Buffer, context: string): Buffer | undefined
}

/** As it is kept in the store: what signs for a webhook is sealed, everything else that is secret is a hash anyway. */
type Row = {
  readonly revision: number
  readonly order: number
  readonly members: Members
  /** Secrets of a webhook, newest first; base64. */
  readonly sealed?: readonly string[]
}

/** Stands in for secrets that cannot be opened, so that the rest can be read. It signs nothing. */
const CLOSED = `whsec_${'A'.repeat(32)}`

export function encodeEntry(
  { key, kind, order, members }: EntryDraft,
  revision: number,
  sealer: SecretSealer,
): Buffer {
  const row: Row = { revision, order, members }
  if (kind !== 'webhooks') return Buffer.from(JSON.stringify(row))
  const { secret, secrets } = members
  const all: unknown[] = Array.isArray(secrets) ? secrets : [secret]
  const sealed = all.map((one) => sealer.seal(Buffer.from(String(one)), contextOf(key)).toString('base64'))
  // Which of the two members it was is kept, in its place, without what it said.
  const named = secrets === undefined || secrets === null ? { secret: '' } : { secrets: [] }
  return Buffer.from(JSON.stringify({ ...row, members: { ...members, ...named }, sealed }))
}

/** @throws FormError for what no version of this wrote */
export function decodeEntry(key: string, value: Uint8Array, sealer: SecretSealer): Entry {
  const { kind, organizationId } = placeOf(key)
  const { revision, order, members, sealed } = parseRow(value)
  const common = { key, order, revision, bytes: value.byteLength }
  if (sealed === undefined)
    return { ...common, ...readEntry(kind, members, organizationId), members, isOpen: true }
  const opened = sealed.map((one) => sealer.open(Buffer.from(one, 'base64'), contextOf(key))?.toString())
  const isOpen = opened.every((secret) => secret !== undefined)
  const secrets = isOpen ? opened : [CLOSED]
  const whole = { ...members, ...('secrets' in members ? { secrets } : { secret: secrets[0] }) }
  return { ...common, ...readEntry(kind, whole, organizationId), members: whole, isOpen }
}

/** Whether its secrets are sealed with a key that is not the present one. */
export function isSealedBefore(value: Uint8Array, { keyId }: SecretSealer): boolean {
  const { sealed = [] } = parseRow(value)
  // version (1) · key id (4): `masks/seal.ts`
  return sealed.some((one) => Buffer.from(one, 'base64').toString('hex', 1, 5) !== keyId)
}

function parseRow(value: Uint8Array): Row {
  try {
    return JSON.parse(Buffer.from(value).toString())
  } catch {
    throw new FormError('', 'is no entry of a directory')
  }
}

function contextOf(key: string): string {
  return `directory ${key}`
}
