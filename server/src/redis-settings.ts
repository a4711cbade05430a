import { readFile } from 'node:fs/promises'
import type { Random } from './clock/clock.ts'
import { type Configuration, ConfigurationError } from './config/config.ts'
import { createSealer, loadSealingKey, readFormerKey } from './masks/masks.ts'

/** What the signing keys' secrets are sealed for, so that nothing else that was sealed can take their place. */
const SIGNING_KEYS = 'signing keys'

/** What an engine in Redis is opened with. */
export type RedisSettings = {
  readonly url: string
  readonly ca?: string
  readonly prefix: string
  readonly replicas: number
  readonly partitions: number
  readonly fingerprints: readonly string[]
  readonly secrets: { conceal(text: string): string; reveal(text: string): string }
}

/** What the configuration says of Redis; `undefined`: everything is in the data folder. */
export async function redisSettings(
  configuration: Configuration,
  random: Random,
): Promise<RedisSettings | undefined> {
  const { redisUrl: url, redisCaFile, redisPrefix: prefix, redisReplicasMin: replicas } = configuration
  if (url === undefined) return undefined
  const { keyIds, secrets } = await openSecrets(configuration, random)
  return {
    ...{ url, prefix, replicas, fingerprints: keyIds, partitions: configuration.redisPartitions },
    ...(redisCaFile === undefined ? {} : { ca: await readCa(redisCaFile) }),
    secrets,
  }
}

/** The sealing keys that there are, newest first, and how the secrets of signing keys are written by them. */
export async function openSecrets(
  { dataDir, sealingKey: keyFromConfig, formerSealingKey }: Configuration,
  random: Random,
): Promise<{ readonly keyIds: readonly string[]; readonly secrets: RedisSettings['secrets'] }> {
  const key = await loadSealingKey({ dataDir, keyFromConfig, random })
  const former = readFormerKey(formerSealingKey)
  const sealer = createSealer(key, random, former)
  return {
    keyIds: [sealer.keyId, ...(former === undefined ? [] : [createSealer(former, random).keyId])],
    secrets: {
      conceal: (text) => sealer.seal(Buffer.from(text), SIGNING_KEYS).toString('base64'),
      reveal(text) {
        const clear = sealer.open(Buffer.from(text, 'base64'), SIGNING_KEYS)
        if (clear === undefined) throw new Error('A signing key was sealed with a key that is not there.')
        return clear.toString()
      },
    },
  }
}

async function readCa(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new ConfigurationError('REDIS_CA_FILE', error instanceof Error ? error.message : String(error))
  }
}
