import { createPublicKey, generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { type CryptoKey, calculateJwkThumbprint, exportJWK, importJWK, importPKCS8 } from 'jose'
import type { Clock, WallBounds } from '../../clock/clock.ts'
import { asError } from '../../observe/observe.ts'
import type { SharedList, SigningKey } from '../../store/store.ts'
import type { AuthLog } from '../auth-log.ts'
import { keyDuties } from './key-duties.ts'

/** The one algorithm of our own tokens: clients and gateways of this API expect it. [known-clients: "Signing in"] */
export const OWN_ALGORITHM = 'RS256'

const MODULUS_BITS = 2048
const CHECK_PERIOD_MS = 600_000
const PUBLISH_LEAD_MS = 3_600_000
const DAY_MS = 86_400_000

/** The server's own keys. They live in the store, so that a restart refuses no live token. */
export interface SigningKeys {
  /** The key that signs now. */
  signer(): { readonly keyId: string; readonly privateKey: CryptoKey }
  /** The public half of any key whose tokens may still be used. */
  publicKey(keyId: string): CryptoKey | undefined
  /** RFC 7517. */
  jwks(): { readonly keys: readonly object[] }
  /** Idempotent. */
  close(): Promise<void>
}

type Options = {
  readonly store: SharedList<SigningKey>
  readonly clock: Pick<Clock, 'every'>
  readonly wall: Pick<WallBounds, 'earliestMs'>
  readonly log: AuthLog
  readonly rotationDays: number
  /** Longest time for which a token may be used after it was signed, stale CONNECTs included; seconds. */
  readonly tokenUseSecondsMax: number
}

type HeldKey = {
  readonly keyId: string
  readonly createdAtWallMs: number
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly jwk: object
}

/** Reads the keys, makes the first one where there is none, and rotates them from then on. */
export async function openSigningKeys(options: Options): Promise<SigningKeys> {
  const { store, clock, wall, log } = options
  const held = new Map<string, HeldKey>()
  const newestFirst = (): HeldKey[] =>
    [...held.values()].sort((left, right) => right.createdAtWallMs - left.createdAtWallMs)
  const times = {
    rotationMs: options.rotationDays * DAY_MS,
    leadMs: PUBLISH_LEAD_MS,
    afterlifeMs: options.tokenUseSecondsMax * 1000,
  }
  const duties = () => keyDuties(newestFirst(), wall.earliestMs(), times)

  async function take(key: SigningKey): Promise<void> {
    if (!held.has(key.keyId)) held.set(key.keyId, await hold(key))
  }

  async function rotate(): Promise<void> {
    const { makeOne, retired } = duties()
    for (const keyId of retired) {
      held.delete(keyId)
      await store.remove([keyId])
      log.info('signing key retired', { keyId })
    }
    if (makeOne) {
      const made = await makeKey(wall.earliestMs())
      await store.add(made)
      await take(made)
      log.info('signing key made', { keyId: made.keyId })
    }
  }

  // Whoever shares the store makes and retires keys as well.
  const unlisten = store.onChange((change) => {
    if (change.kind === 'removed') for (const keyId of change.keys) held.delete(keyId)
    else
      take(change.item).catch((error: unknown) =>
        log.error('a signing key cannot be used', { keyId: change.item.keyId, err: asError(error) }),
      )
  })
  for (const key of await store.list()) await take(key)
  await rotate()
  let rotating: Promise<void> | undefined
  const timer = clock.every(CHECK_PERIOD_MS, () => {
    rotating ??= rotate()
      .catch((error: unknown) => log.error('signing keys not rotated, trying again', { err: asError(error) }))
      .finally(() => {
        rotating = undefined
      })
  })
  return {
    signer() {
      const key = held.get(duties().signerId ?? '')
      if (key === undefined) throw new Error('there is no signing key')
      return key
    },
    publicKey: (keyId) => held.get(keyId)?.publicKey,
    jwks: () => ({ keys: newestFirst().map((key) => key.jwk) }),
    async close() {
      timer.cancel()
      unlisten()
      await rotating
    },
  }
}

/** Not from the injected randomness: no RSA key can be made from handed-in bytes. A simulation puts one in its store. */
async function makeKey(createdAtWallMs: number): Promise<SigningKey> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: MODULUS_BITS })
  return {
    keyId: await calculateJwkThumbprint(await exportJWK(publicKey)),
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    createdAtWallMs,
  }
}

async function hold({ keyId, privateKeyPem, createdAtWallMs }: SigningKey): Promise<HeldKey> {
  const { n, e } = await exportJWK(createPublicKey(privateKeyPem))
  if (n === undefined || e === undefined)
    throw new Error(`signing key ${keyId} in the store is not an RSA key`)
  const jwk = { kty: 'RSA' as const, n, e, kid: keyId, alg: OWN_ALGORITHM, use: 'sig' }
  const publicKey = await importJWK(jwk, OWN_ALGORITHM)
  if (publicKey instanceof Uint8Array) throw new Error(`signing key ${keyId} in the store is not an RSA key`)
  const privateKey = await importPKCS8(privateKeyPem, OWN_ALGORITHM)
  return { keyId, createdAtWallMs, privateKey, publicKey, jwk }
}
