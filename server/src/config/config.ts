import { shownName } from './config-file.ts'
import { CONFIGURATION_KEYS, type ConfigurationKey } from './keys.ts'
import { type AllowedOrigins, allowOrigins, parseOriginPattern } from './origins.ts'
import {
  ConfigurationError,
  isAddressRange,
  type LogLevel,
  parseBaseUrl,
  parseChoice,
  parseFlag,
  parseInteger,
  parseJson,
  parseList,
  parseLogLevel,
  parseText,
  type Raw,
  where,
} from './parse.ts'

export { readConfigFile } from './config-file.ts'
export { hasKnownSecrets, isLoopbackHost, usesDemoDirectory, withDemoOrigins } from './demo.ts'
export { CONFIGURATION_KEYS, type ConfigurationKey } from './keys.ts'
export { type AllowedOrigins, allowOrigins } from './origins.ts'
export { ConfigurationError, type LogLevel } from './parse.ts'

/** Oldest version of TLS that is spoken. Older ones are not safe any more (RFC 8996). */
export type TlsMinVersion = 'TLSv1.2' | 'TLSv1.3'

const TLS_VERSIONS: readonly TlsMinVersion[] = ['TLSv1.2', 'TLSv1.3']

/** The whole configuration, checked. Keys, units, defaults and ranges: `keys.ts` and `docs/configuration.md`. */
export type Configuration = {
  readonly host: string
  readonly port: number
  readonly publicUrl: string | undefined
  readonly dataDir: string
  readonly logLevel: LogLevel
  readonly directoryFile: string | undefined
  readonly demoSecrets: 'known' | 'random'
  readonly auditFile: string | undefined
  readonly directoryFileShared: boolean
  readonly clientCredentialsInQuery: boolean
  readonly accessTokenTtlSeconds: number
  readonly refreshTokenTtlSeconds: number
  readonly refreshFamiliesPerUserMax: number
  readonly signingKeyRotationDays: number
  /** Still to be parsed by `auth`, which owns its form. */
  readonly foreignIssuers: unknown
  readonly staleConnectSecondsMax: number
  readonly tokenBytesMax: number
  readonly keepAliveSecondsMax: number
  readonly endpointsPerUserMax: number
  readonly endpointsFull: 'evict' | 'refuse'
  readonly mailboxEventsMax: number
  readonly mailboxBytesMax: number
  readonly mailboxTotalBytesMax: number
  readonly receiptWaitersMax: number
  readonly historyDays: number
  readonly webhookRetryHours: number
  readonly webhookFeedEventsMax: number
  readonly webhookFeedTotalEventsMax: number
  readonly webhookPrivateAddresses: readonly string[]
  readonly historyBytesMax: number
  readonly sealingKey: string | undefined
  readonly formerSealingKey: string | undefined
  readonly maskLength: 'kept' | 'fixed'
  readonly allowedOrigins: AllowedOrigins
  readonly trustedProxies: readonly string[]
  readonly httpIdleSeconds: number
  readonly fastLane: boolean
  readonly tlsCertFile: string | undefined
  readonly tlsKeyFile: string | undefined
  readonly tlsMinVersion: TlsMinVersion
  readonly tlsCiphers: string
  readonly tlsClientCaFile: string | undefined
  readonly tlsClientCertificates: 'backends' | 'everyone'
  readonly mqttPort: number
  readonly mqttTlsPort: number
  readonly linksMax: number
  readonly pendingLinksMax: number
  readonly ackTimeoutSeconds: number
  readonly iceServerUrls: readonly string[]
  readonly turnUrls: readonly string[]
  readonly turnSecret: string | undefined
  readonly turnTtlSeconds: number
  readonly metricsToken: string | undefined
  readonly console: boolean
  readonly docs: boolean
  readonly metrics: boolean
  readonly adminPort: number
  readonly adminHost: string
  readonly drainSeconds: number
  readonly eventsPerSecondPerOrganization: number
  readonly eventsBurstPerOrganization: number
  readonly eventsPerSecondPerCaller: number
  readonly eventsBurstPerCaller: number
  readonly registersPerSecondPerOrganization: number
  readonly registersBurstPerOrganization: number
  readonly registersPerSecondPerCaller: number
  readonly registersBurstPerCaller: number
  readonly tokensPerSecondPerClient: number
  readonly tokensBurstPerClient: number
  readonly tokensPerSecondPerUser: number
  readonly tokensBurstPerUser: number
  readonly tokensPerSecondPerAddress: number
  readonly tokensBurstPerAddress: number
  readonly workPerSecondPerCaller: number
  readonly workBurstPerCaller: number
  readonly workPerSecondPerOrganization: number
  readonly workBurstPerOrganization: number
  readonly workPerSecondPerAddress: number
  readonly workBurstPerAddress: number
  readonly idempotencyKeysMax: number
  readonly revocationsMax: number
  readonly auditLinesMax: number
  readonly auditDays: number
  readonly shedLagMs: number
  readonly shedWritePercent: number
  readonly organizationSharePercent: number
  readonly callerSharePercent: number
  readonly addressSharePercent: number
}

/**
 * Reads and checks the configuration. The environment wins over the file; an empty string counts as not set.
 *
 * @param env the process's environment
 * @param file the parsed content of the `--config` file, `undefined` without one
 * @throws ConfigurationError naming the first key that is wrong, unknown keys of the file included
 */
export function readConfiguration(env: Record<string, string | undefined>, file: unknown): Configuration {
  refuseRedis(env)
  const raw = collect(env, fileEntries(file))
  const configuration = parseAll(raw)
  checkTogether(configuration)
  return configuration
}

function refuseRedis(env: Record<string, string | undefined>): void {
  if (env['REDIS_URL'])
    throw new ConfigurationError('REDIS_URL', 'this version has the embedded store only; unset it')
}

function fileEntries(file: unknown): ReadonlyMap<string, unknown> {
  if (file === undefined) return new Map()
  if (typeof file !== 'object' || file === null || Array.isArray(file))
    throw new ConfigurationError('--config', 'the file must hold a JSON object')
  const entries = new Map<string, unknown>(Object.entries(file))
  const known = new Set(CONFIGURATION_KEYS.map((key) => key.name))
  for (const name of entries.keys())
    if (!known.has(name)) throw new ConfigurationError(shownName(name), 'there is no such key')
  return entries
}

/** Every key with its value and the name under which the user gave it. */
function collect(
  env: Record<string, string | undefined>,
  file: ReadonlyMap<string, unknown>,
): Map<string, Raw> {
  return new Map(CONFIGURATION_KEYS.map((key) => [key.name, pick(key, env[key.env], file.get(key.name))]))
}

function pick(key: ConfigurationKey, fromEnv: string | undefined, fromFile: unknown): Raw {
  if (fromEnv) return { key, label: key.env, value: fromEnv }
  if (fromFile !== undefined && fromFile !== null && fromFile !== '')
    return { key, label: key.name, value: fromFile }
  return { key, label: key.name, value: key.default === '' ? undefined : key.default }
}

function parseAll(raw: ReadonlyMap<string, Raw>): Configuration {
  const at = (name: keyof Configuration): Raw => {
    const found = raw.get(name)
    if (found === undefined) throw new Error(`no configuration key ${name}`)
    return found
  }
  const integer = (name: keyof Configuration): number => parseInteger(at(name))
  const text = (name: keyof Configuration): string | undefined => parseText(at(name))
  return {
    host: text('host') ?? '',
    port: integer('port'),
    publicUrl: parseBaseUrl(at('publicUrl')),
    dataDir: text('dataDir') ?? '',
    logLevel: parseLogLevel(at('logLevel')),
    directoryFile: text('directoryFile'),
    demoSecrets: parseChoice(at('demoSecrets'), ['known', 'random']),
    auditFile: text('auditFile'),
    directoryFileShared: parseFlag(at('directoryFileShared')),
    clientCredentialsInQuery: parseFlag(at('clientCredentialsInQuery')),
    accessTokenTtlSeconds: integer('accessTokenTtlSeconds'),
    refreshTokenTtlSeconds: integer('refreshTokenTtlSeconds'),
    refreshFamiliesPerUserMax: integer('refreshFamiliesPerUserMax'),
    signingKeyRotationDays: integer('signingKeyRotationDays'),
    foreignIssuers: parseJson(at('foreignIssuers')),
    staleConnectSecondsMax: integer('staleConnectSecondsMax'),
    tokenBytesMax: integer('tokenBytesMax'),
    keepAliveSecondsMax: integer('keepAliveSecondsMax'),
    endpointsPerUserMax: integer('endpointsPerUserMax'),
    endpointsFull: parseChoice(at('endpointsFull'), ['evict', 'refuse']),
    receiptWaitersMax: integer('receiptWaitersMax'),
    historyDays: integer('historyDays'),
    webhookRetryHours: integer('webhookRetryHours'),
    webhookFeedEventsMax: integer('webhookFeedEventsMax'),
    webhookFeedTotalEventsMax: integer('webhookFeedTotalEventsMax'),
    webhookPrivateAddresses: parseList(at('webhookPrivateAddresses'), where(isAddressRange)),
    historyBytesMax: integer('historyBytesMax'),
    sealingKey: text('sealingKey'),
    formerSealingKey: text('formerSealingKey'),
    maskLength: parseChoice(at('maskLength'), ['kept', 'fixed']),
    allowedOrigins: allowOrigins(parseList(at('allowedOrigins'), parseOriginPattern)),
    trustedProxies: parseList(at('trustedProxies'), where(isAddressRange)),
    httpIdleSeconds: integer('httpIdleSeconds'),
    fastLane: parseFlag(at('fastLane')),
    tlsCertFile: text('tlsCertFile'),
    tlsKeyFile: text('tlsKeyFile'),
    tlsMinVersion: parseChoice(at('tlsMinVersion'), TLS_VERSIONS),
    tlsCiphers: text('tlsCiphers') ?? '',
    tlsClientCaFile: text('tlsClientCaFile'),
    tlsClientCertificates: parseChoice(at('tlsClientCertificates'), ['backends', 'everyone']),
    mqttPort: integer('mqttPort'),
    mqttTlsPort: integer('mqttTlsPort'),
    linksMax: integer('linksMax'),
    pendingLinksMax: integer('pendingLinksMax'),
    ackTimeoutSeconds: integer('ackTimeoutSeconds'),
    iceServerUrls: parseList(
      at('iceServerUrls'),
      where((item) => /^stuns?:[^\s]+$/.test(item)),
    ),
    turnUrls: parseList(
      at('turnUrls'),
      where((item) => /^turns?:[^\s]+$/.test(item)),
    ),
    turnSecret: text('turnSecret'),
    turnTtlSeconds: integer('turnTtlSeconds'),
    metricsToken: parseText(at('metricsToken'), 16),
    console: parseFlag(at('console')),
    docs: parseFlag(at('docs')),
    metrics: parseFlag(at('metrics')),
    adminPort: integer('adminPort'),
    adminHost: text('adminHost') ?? '',
    drainSeconds: integer('drainSeconds'),
    ...parseLimits(integer),
  }
}

function parseLimits(integer: (name: keyof Configuration) => number) {
  return {
    mailboxEventsMax: integer('mailboxEventsMax'),
    mailboxBytesMax: integer('mailboxBytesMax'),
    mailboxTotalBytesMax: integer('mailboxTotalBytesMax'),
    eventsPerSecondPerOrganization: integer('eventsPerSecondPerOrganization'),
    eventsBurstPerOrganization: integer('eventsBurstPerOrganization'),
    eventsPerSecondPerCaller: integer('eventsPerSecondPerCaller'),
    eventsBurstPerCaller: integer('eventsBurstPerCaller'),
    registersPerSecondPerOrganization: integer('registersPerSecondPerOrganization'),
    registersBurstPerOrganization: integer('registersBurstPerOrganization'),
    registersPerSecondPerCaller: integer('registersPerSecondPerCaller'),
    registersBurstPerCaller: integer('registersBurstPerCaller'),
    tokensPerSecondPerClient: integer('tokensPerSecondPerClient'),
    tokensBurstPerClient: integer('tokensBurstPerClient'),
    tokensPerSecondPerUser: integer('tokensPerSecondPerUser'),
    tokensBurstPerUser: integer('tokensBurstPerUser'),
    tokensPerSecondPerAddress: integer('tokensPerSecondPerAddress'),
    tokensBurstPerAddress: integer('tokensBurstPerAddress'),
    workPerSecondPerCaller: integer('workPerSecondPerCaller'),
    workBurstPerCaller: integer('workBurstPerCaller'),
    workPerSecondPerOrganization: integer('workPerSecondPerOrganization'),
    workBurstPerOrganization: integer('workBurstPerOrganization'),
    workPerSecondPerAddress: integer('workPerSecondPerAddress'),
    workBurstPerAddress: integer('workBurstPerAddress'),
    idempotencyKeysMax: integer('idempotencyKeysMax'),
    revocationsMax: integer('revocationsMax'),
    auditLinesMax: integer('auditLinesMax'),
    auditDays: integer('auditDays'),
    shedLagMs: integer('shedLagMs'),
    shedWritePercent: integer('shedWritePercent'),
    organizationSharePercent: integer('organizationSharePercent'),
    callerSharePercent: integer('callerSharePercent'),
    addressSharePercent: integer('addressSharePercent'),
  }
}

/** What one key cannot tell alone. */
function checkTogether(configuration: Configuration): void {
  const { tlsCertFile, tlsKeyFile, mqttTlsPort, turnUrls, turnSecret } = configuration
  if ((tlsCertFile === undefined) !== (tlsKeyFile === undefined))
    throw new ConfigurationError('TLS_CERT_FILE', 'tlsCertFile and tlsKeyFile go together')
  if (configuration.tlsClientCaFile !== undefined && tlsCertFile === undefined)
    throw new ConfigurationError('TLS_CLIENT_CA_FILE', 'needs TLS_CERT_FILE and TLS_KEY_FILE')
  if (mqttTlsPort !== 0 && tlsCertFile === undefined)
    throw new ConfigurationError('MQTT_TLS_PORT', 'needs TLS_CERT_FILE and TLS_KEY_FILE')
  if (turnUrls.length > 0 && turnSecret === undefined)
    throw new ConfigurationError('TURN_URLS', 'needs TURN_SECRET')
  for (const [name, key] of [
    ['SEALING_KEY', configuration.sealingKey],
    ['FORMER_SEALING_KEY', configuration.formerSealingKey],
  ] as const)
    if (key !== undefined && Buffer.from(key, 'base64').length !== 32)
      throw new ConfigurationError(name, 'must be 32 bytes in base64')
}
