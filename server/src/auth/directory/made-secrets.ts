import type { Random } from '../../clock/clock.ts'
import { FormError, textThat } from '../../parse/parse.ts'
import { SECRETS_MAX } from './directory.ts'
import type { EntryKind, Members } from './entry.ts'
import { hashRandomSecret, hashSecret, SECRET_CHARACTERS_MAX } from './hash-secret.ts'

/** Members, and the secret that was made for them: shown once, and kept as a hash where it can be. */
export type WithSecret = { readonly members: Members; readonly secret: string | undefined }

/** 192 bits of a password, which somebody may have to copy by hand, and 256 of what programs have. */
const PASSWORD_BYTES = 24
const SECRET_BYTES = 32

const readPassword = textThat(
  (text) => text.length > 0 && text.length <= SECRET_CHARACTERS_MAX,
  `1 to ${SECRET_CHARACTERS_MAX} characters`,
)

/**
 * Hashes a `password` that was given in clear, and makes the secret that a new entry needs and was given none of.
 *
 * @throws FormError
 */
export async function withSecret(
  kind: EntryKind,
  members: Members,
  random: Pick<Random, 'bytes'>,
): Promise<WithSecret> {
  const hashed = await withHashedPassword(kind, members)
  if (!needsSecret(kind, hashed)) return { members: hashed, secret: undefined }
  return withNewSecret(kind, hashed, random)
}

/** A password in clear becomes a hash; every other member stays. @throws FormError */
export async function withHashedPassword(kind: EntryKind, members: Members): Promise<Members> {
  if (kind !== 'users' || members['password'] === undefined || members['password'] === null) return members
  const { password, ...others } = members
  if (others['passwordHash'] !== undefined)
    throw new FormError('password', 'give either this or "passwordHash"')
  return { ...others, passwordHash: await hashSecret(readPassword(password, 'password')) }
}

/**
 * A new secret in front of the one that was newest until now, which stays good beside it. Of a password there is one only.
 *
 * @throws FormError where there is nothing to have a secret of
 */
export async function withNewSecret(
  kind: EntryKind,
  members: Members,
  random: Pick<Random, 'bytes'>,
): Promise<WithSecret> {
  if (kind === 'organizations') throw new FormError('', 'an organization has no secret')
  if (members['public'] === true) throw new FormError('public', 'a public client has no secret')
  if (kind === 'users') {
    const secret = random.bytes(PASSWORD_BYTES).toString('base64url')
    return { members: { ...members, passwordHash: await hashSecret(secret) }, secret }
  }
  const { one } = NAMES[kind]
  const secret = NAMES[kind].make(random.bytes(SECRET_BYTES))
  const kept = kind === 'clients' ? hashRandomSecret(secret) : secret
  return {
    members: withSecrets(members, one, [kept, ...secretsIn(members, one)].slice(0, SECRETS_MAX)),
    secret,
  }
}

/** Only the newest is good from now on. @throws FormError where it is the only one */
export function withoutFormerSecret(kind: EntryKind, members: Members): Members {
  if (kind !== 'clients' && kind !== 'webhooks') throw new FormError('', 'there is no former secret')
  const { one } = NAMES[kind]
  const [newest, ...former] = secretsIn(members, one)
  if (former.length === 0) throw new FormError('', 'there is no former secret')
  return withSecrets(members, one, [newest])
}

const NAMES = {
  clients: { one: 'secretHash', make: (bytes: Buffer) => bytes.toString('base64url') },
  webhooks: { one: 'secret', make: (bytes: Buffer) => `whsec_${bytes.toString('base64')}` },
} as const

function needsSecret(kind: EntryKind, members: Members): boolean {
  const isAbsent = (...names: readonly string[]) =>
    names.every((name) => members[name] === undefined || members[name] === null)
  if (kind === 'users') return isAbsent('passwordHash')
  if (kind === 'clients') return members['public'] !== true && isAbsent('secretHash', 'secrets')
  return kind === 'webhooks' && isAbsent('secret', 'secrets')
}

function secretsIn(members: Members, one: string): readonly unknown[] {
  const several = members['secrets']
  if (Array.isArray(several)) return several
  const single = members[one]
  return single === undefined || single === null ? [] : [single]
}

function withSecrets(members: Members, one: string, secrets: readonly unknown[]): Members {
  const { [one]: _one, secrets: _several, ...others } = members
  return secrets.length === 1 ? { ...others, [one]: secrets[0] } : { ...others, secrets }
}
