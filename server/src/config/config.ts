import { FormError, isJsonObject, shownName } from '../parse/parse.ts'
import type { ConfigurationKey } from './key.ts'
import { CONFIGURATION_KEYS } from './keys.ts'
import { ConfigurationError } from './parse.ts'

export { readConfigFile } from './config-file.ts'
export { hasKnownSecrets, isLoopbackHost, usesDemoDirectory, withDemoOrigins } from './demo.ts'
export type { ConfigurationKey } from './key.ts'
export { CONFIGURATION_KEYS } from './keys.ts'
export { type AllowedOrigins, allowOrigins } from './origins.ts'
export { ConfigurationError } from './parse.ts'

/** The whole configuration, checked. Keys, units, defaults and ranges: `keys.ts` and `docs/configuration.md`. */
export type Configuration = {
  readonly [Key in (typeof CONFIGURATION_KEYS)[number] as Key['name']]: ReturnType<Key['parse']>
}

/** Oldest version of TLS that is spoken. */
export type TlsMinVersion = Configuration['tlsMinVersion']

/**
 * Reads and checks the configuration. The environment wins over the file; an empty string counts as not set.
 *
 * @param env the process's environment
 * @param file the parsed content of the `--config` file, `undefined` without one
 * @throws ConfigurationError naming the first key that is wrong, unknown keys of the file included
 */
export function readConfiguration(env: Record<string, string | undefined>, file: unknown): Configuration {
  const given = fileEntries(file)
  const read = CONFIGURATION_KEYS.map((key) => [key.name, readKey(key, env[key.env], given.get(key.name))])
  const configuration = Object.fromEntries(read) as Configuration
  checkTogether(configuration)
  return configuration
}

function fileEntries(file: unknown): ReadonlyMap<string, unknown> {
  if (file === undefined) return new Map()
  if (!isJsonObject(file)) throw new ConfigurationError('--config', 'the file must hold a JSON object')
  const entries = new Map<string, unknown>(Object.entries(file))
  const known = new Set<string>(CONFIGURATION_KEYS.map((key) => key.name))
  for (const name of entries.keys())
    if (!known.has(name)) throw new ConfigurationError(shownName(name), 'there is no such key')
  return entries
}

function readKey(key: ConfigurationKey, fromEnv: string | undefined, fromFile: unknown): unknown {
  const isInFile = fromFile !== undefined && fromFile !== null && fromFile !== ''
  const byDefault = key.default === '' ? undefined : key.default
  try {
    if (fromEnv) return key.parse(fromEnv, key.env)
    return key.parse(isInFile ? fromFile : byDefault, key.name)
  } catch (error) {
    throw error instanceof FormError ? new ConfigurationError(error.path, error.problem) : error
  }
}

/** What one key cannot tell alone. */
function checkTogether(configuration: Configuration): void {
  const { tlsCertFile, tlsKeyFile, mqttTlsPort, turnUrls, turnSecret } = configuration
  if ((tlsCertFile === undefined) !== (tlsKeyFile === undefined))
    throw new ConfigurationError('TLS_CERT_FILE', 'tlsCertFile and tlsKeyFile go together')
  if (configuration.directory === 'store' && configuration.directoryFile !== undefined)
    throw new ConfigurationError(
      'DIRECTORY_FILE',
      'is not read with DIRECTORY=store: bring it in with `import-directory`, and unset it',
    )
  if (configuration.tlsClientCaFile !== undefined && tlsCertFile === undefined)
    throw new ConfigurationError('TLS_CLIENT_CA_FILE', 'needs TLS_CERT_FILE and TLS_KEY_FILE')
  if (mqttTlsPort !== 0 && tlsCertFile === undefined)
    throw new ConfigurationError('MQTT_TLS_PORT', 'needs TLS_CERT_FILE and TLS_KEY_FILE')
  if (turnUrls.length > 0 && turnSecret === undefined)
    throw new ConfigurationError('TURN_URLS', 'needs TURN_SECRET')
  checkRedis(configuration)
  const { vapidPublicKey, vapidPrivateKey, vapidSubject } = configuration
  const vapid = [vapidPublicKey, vapidPrivateKey, vapidSubject]
  if (vapid.some((one) => one !== undefined) && vapid.some((one) => one === undefined))
    throw new ConfigurationError('VAPID_PUBLIC_KEY', 'goes together with VAPID_PRIVATE_KEY and VAPID_SUBJECT')
  if (vapidPublicKey !== undefined && Buffer.from(vapidPublicKey, 'base64url').length !== 65)
    throw new ConfigurationError('VAPID_PUBLIC_KEY', 'must be 65 bytes in base64url')
  if (vapidPrivateKey !== undefined && Buffer.from(vapidPrivateKey, 'base64url').length !== 32)
    throw new ConfigurationError('VAPID_PRIVATE_KEY', 'must be 32 bytes in base64url')
  for (const [name, key] of [
    ['SEALING_KEY', configuration.sealingKey],
    ['FORMER_SEALING_KEY', configuration.formerSealingKey],
  ] as const)
    if (key !== undefined && Buffer.from(key, 'base64').length !== 32)
      throw new ConfigurationError(name, 'must be 32 bytes in base64')
}

function checkRedis({
  redisUrl,
  redisCaFile,
  redisPrefix,
  sealingKey,
  nodeName,
  workers,
}: Configuration): void {
  if (nodeName !== undefined && !/^[\w.-]{1,64}$/.test(nodeName))
    throw new ConfigurationError('NODE_NAME', 'must be 1 to 64 letters, digits, "-", "_" and "."')
  if (!/^[\w:.-]{1,40}$/.test(redisPrefix))
    throw new ConfigurationError('REDIS_PREFIX', 'must be 1 to 40 letters, digits, ":", "-", "_" and "."')
  if (workers > 1 && redisUrl === undefined)
    throw new ConfigurationError('WORKERS', 'needs REDIS_URL: a data folder is of one process')
  if (redisCaFile !== undefined && redisUrl?.startsWith('rediss') !== true)
    throw new ConfigurationError('REDIS_CA_FILE', 'needs a REDIS_URL that begins with rediss://')
  if (redisUrl !== undefined && sealingKey === undefined)
    throw new ConfigurationError(
      'REDIS_URL',
      'needs SEALING_KEY: 32 bytes in base64, the same for every process. Make one: openssl rand -base64 32',
    )
}
