import { type Form, FormError, listOf, memberPath, optional, type Reader } from '../../parse/parse.ts'
import { SECRETS_MAX } from './directory.ts'

/**
 * The secrets of a client or a webhook: one by its own name, or up to two in `secrets`, newest first, while one takes over
 * from the other.
 *
 * @param name of the member that holds one
 * @returns `undefined` where there is none
 */
export function readSecrets<Secret extends string | Buffer>(
  object: Form,
  name: string,
  read: Reader<Secret>,
): readonly Secret[] | undefined {
  const one = optional(object, name, read)
  const several = optional(object, 'secrets', listOf(read, SECRETS_MAX))
  const path = memberPath(object.path, 'secrets')
  if (several === undefined) return one === undefined ? undefined : [one]
  if (one !== undefined) throw new FormError(path, `give either this or "${name}"`)
  const [newest, former] = several.map((secret) =>
    typeof secret === 'string' ? secret : secret.toString('base64'),
  )
  if (newest === undefined) throw new FormError(path, 'must hold at least one item')
  if (newest === former) throw new FormError(`${path}[1]`, 'is the same as the one before')
  return several
}
