import type { ConfigurationKey } from './key.ts'
import { choice, flag, integer, json, kept, list, optional, rate, share, text } from './kinds.ts'
import { type AllowedOrigins, allowOrigins, parseOriginPattern } from './origins.ts'
import { isAddressRange, isBaseUrl, isRedisUrl, LOG_LEVELS, where } from './parse.ts'

/** Oldest versions of TLS that may be spoken. Older ones are not safe any more (RFC 8996). */
const TLS_VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

/** TLS 1.3's, and those of TLS 1.2 that encrypt and authenticate in one (RFC 9325 §4.2). */
const AEAD_SUITES: readonly string[] = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
]

/** RFC 8292 §2.1. */
const VAPID_SUBJECT = /^(mailto:[^@\s]+@[^@\s]+|https:\/\/\S+)$/

/** A list of origins, as what judges them. */
function origins<const Name extends string>(
  name: Name,
  range: string,
  description: string,
): ConfigurationKey<Name, AllowedOrigins> {
  return kept(list(name, range, description, parseOriginPattern), allowOrigins)
}

/**
 * Every key there is, in the order of the documentation: its name, type, default and range, how it is read, and what is said
 * of it. `docs/configuration.md` is held to this table by a check, and `Configuration` is what it reads.
 */
export const CONFIGURATION_KEYS = [
  text(
    'host',
    '127.0.0.1',
    'an address or host name',
    'Address to listen on. Anything but loopback needs a directory file.',
  ),
  integer(
    'port',
    '',
    [8080, 0, 65_535],
    'Port of HTTP and of MQTT over WebSocket (`/ws`). 0: any free port.',
  ),
  kept(
    optional(
      'publicUrl',
      'an http or https URL without a path',
      'Base URL that clients see; it is the issuer (`iss`) of the access tokens. Not set: `http(s)://host:port`.',
      isBaseUrl,
    ),
    // Without the slash at its end.
    (given) => given && new URL(given).origin,
  ),
  text(
    'dataDir',
    'data',
    'a folder',
    'Where everything durable lives. Made with mode 0700 when absent; refused where everybody on the machine can write into it. One process at a time.',
  ),
  choice(
    'logLevel',
    'info',
    LOG_LEVELS,
    'Least severe level that is logged. `debug` logs a line for every request.',
  ),
  optional(
    'auditFile',
    'a file',
    'Where it is written down who did what to whom, one JSON object a line (`docs/audit.md`). Appended to, made with mode 0600, opened anew at SIGHUP. Not set: it goes into the log, with `audit: true`, while `logLevel` has `info`.',
  ),
  integer(
    'auditDays',
    'days',
    [90, 1, 3650],
    'Age at which a line of the audit log is dropped from the store, where the API reads it. The file is left alone.',
  ),
  integer(
    'auditLinesMax',
    'lines',
    [100_000, 1_000, 10_000_000],
    'Lines that are kept there. Past it the oldest of the organization are dropped that has the most (`docs/sharing.md`).',
  ),
  choice(
    'directory',
    'file',
    ['file', 'store'],
    'Where organizations, users and clients are kept (`docs/directory.md`). `file`: in `directoryFile`, or the demo. `store`: in the data folder, changed over the API and by `import-directory`.',
  ),
  optional(
    'directoryFile',
    'a file',
    'Organizations, users and clients (`docs/directory.md`). Re-read when it changes. Not set: the demo directory, on loopback only.',
  ),
  choice(
    'demoSecrets',
    'known',
    ['known', 'random'],
    'Secrets of the demo directory, without `directoryFile`. `known`: those that the documents name, and then on loopback only. `random`: made at the first start, printed then and never again, kept as hashes in `demo-directory.json` of the data folder; then it may listen anywhere.',
  ),
  flag(
    'directoryFileShared',
    false,
    'Whether that file may be readable by everybody on the machine. For a container whose secrets are mounted so; elsewhere `chmod o-r` it.',
  ),
  flag(
    'clientCredentialsInQuery',
    true,
    'Whether the token endpoint takes the parameters of a request, secrets among them, from the URL, where proxies log them. Existing scripts need it.',
  ),
  integer('accessTokenTtlSeconds', 'seconds', [3600, 1, 86_400], 'Lifetime of an access token.'),
  integer(
    'refreshTokenTtlSeconds',
    'seconds',
    [2_592_000, 1, 31_536_000],
    'Lifetime of a refresh token; each use starts it anew.',
  ),
  integer(
    'refreshFamiliesPerUserMax',
    'families',
    [100, 1, 10_000],
    'Sign-ins of one user with a live refresh token. The oldest is dropped past it.',
  ),
  integer(
    'signingKeyRotationDays',
    'days',
    [90, 1, 3650],
    'Age at which a new token-signing key is made. The old one verifies until its last token has expired.',
  ),
  json(
    'foreignIssuers',
    'a JSON array',
    'Identity providers whose tokens are accepted (`docs/identity.md`).',
  ),
  json(
    'openIdConnect',
    'a JSON object',
    'The identity provider at which people sign in for the console, and what its claims give them (`docs/identity.md`).',
  ),
  optional(
    'openIdConnectClientSecret',
    'any text',
    'The secret of its `clientId`. Not set: a public client, which shows none.',
  ),
  integer(
    'staleConnectSecondsMax',
    'seconds',
    [86_400, 0, 604_800],
    'How long after its `exp` a genuine token may still open an MQTT connection for a user whose registration was renewed with a newer token: an old token that somebody finds reads events for so long. 0: never.',
  ),
  integer(
    'tokenBytesMax',
    'bytes',
    [16_384, 1024, 49_152],
    'Longest access token that is read, over HTTP and as a password of MQTT. Headers of a request may be 16,384 bytes longer together.',
  ),
  integer(
    'keepAliveSecondsMax',
    'seconds',
    [86_400, 1, 604_800],
    'Longest `keepAliveSeconds` that a registration may ask for.',
  ),
  integer('endpointsPerUserMax', 'endpoints', [100, 1, 10_000], 'Live endpoints of one user.'),
  integer(
    'registrationsMax',
    'registrations',
    [4_000_000, 1000, 1_000_000_000],
    'Registrations in all. Shared by organization (`docs/sharing.md`).',
  ),
  choice(
    'endpointsFull',
    'evict',
    ['evict', 'refuse'],
    'What happens when a user who has so many registers another: `evict` ends the one without a connection that was silent longest, `refuse` answers 400.',
  ),
  integer('mailboxEventsMax', 'events', [1000, 1, 100_000], 'Unacknowledged QoS 1 events of one endpoint.'),
  integer(
    'mailboxBytesMax',
    'bytes',
    [4_194_304, 65_536, 1_073_741_824],
    'Unacknowledged QoS 1 events of one endpoint, together.',
  ),
  integer(
    'mailboxTotalBytesMax',
    'bytes',
    [17_179_869_184, 1_048_576, 1_099_511_627_776],
    'What unacknowledged QoS 1 events of everybody may take on disk, about. Shared by organization (`docs/sharing.md`).',
  ),
  integer(
    'historyDays',
    'days',
    [7, 1, 3650],
    'Age at which an accepted event is dropped from the history (`docs/history.md`).',
  ),
  integer(
    'historyBytesMax',
    'bytes',
    [1_073_741_824, 1_048_576, 1_099_511_627_776],
    'What the history may take on disk, about. Past it the oldest events of the organization are dropped that has the most (`docs/sharing.md`).',
  ),
  integer(
    'receiptWaitersMax',
    'requests',
    [10_000, 0, 1_000_000],
    'Requests that may wait for receipts (`Prefer: wait`) at one time. Past it they are refused with 503.',
  ),
  integer(
    'webhookRetryHours',
    'hours',
    [24, 1, 720],
    'How long one batch is tried before its events become dead letters (`docs/webhooks.md`).',
  ),
  integer(
    'webhookFeedEventsMax',
    'events',
    [100_000, 1_000, 10_000_000],
    'Events of one organization that wait for its webhooks. Past it the oldest are lost: logged as a warning, and counted.',
  ),
  integer(
    'webhookFeedTotalEventsMax',
    'events',
    [1_000_000, 1_000, 100_000_000],
    'The same, of all organizations together; the one with the most loses.',
  ),
  list(
    'webhookPrivateAddresses',
    'IP addresses or CIDR ranges',
    'Addresses that webhooks may be sent to although they are private, loopback or otherwise special, and over plain http. Nothing else that is not public is connected to.',
    where(isAddressRange),
  ),
  optional(
    'redisUrl',
    '`redis://[user:password@]host[:port][,host…][/database]`; `redis+sentinel://…/name` for sentinels; `rediss` for TLS',
    'Redis that keeps everything in the place of `dataDir`, for as many processes as are started on it: one server, some of a Redis Cluster, or sentinels; Redis 7.0 or newer (`docs/cluster.md`). Needs `sealingKey`. Not set: everything is in `dataDir`.',
    isRedisUrl,
  ),
  optional(
    'redisCaFile',
    'path of a PEM file',
    'Certificates that the one of a `rediss://` Redis is checked by. Not set: those that Node trusts.',
  ),
  text(
    'redisPrefix',
    'rc:',
    '1 to 40 letters, digits, `:`, `-`, `_` and `.`',
    'What the names of all keys in Redis begin with, so that several services can share one.',
  ),
  optional(
    'nodeName',
    '1 to 64 letters, digits, `-`, `_` and `.`',
    'What this process is called among those that share a Redis: each has one of its own, and keeps it over restarts. Not set: the name of the machine, and something that no other has.',
  ),
  integer(
    'workers',
    'processes',
    [1, 1, 64],
    'Processes that serve on the same ports, each a node by the name `nodeName` and its number; one that ends is started again. More than one needs `redisUrl`. With `adminPort` each has one of its own, from that on.',
  ),
  integer(
    'redisReplicasMin',
    '',
    [0, 0, 5],
    'How many of its replicas Redis has to have told of a change before that counts as durable. 0: Redis alone is asked.',
  ),
  integer(
    'redisPartitions',
    '',
    [256, 64, 4096],
    'Into how many parts everything in Redis is divided, the same for all processes. A store keeps the number that it began with; `export-store` and `import-store` bring it to another (`docs/cluster.md`).',
  ),
  optional(
    'vapidPublicKey',
    '65 bytes in base64url',
    'Key by which push services know this server, made with its private one by `vapid-keys`. Not set: browsers are not woken (`docs/wake-ups.md`).',
  ),
  optional('vapidPrivateKey', '32 bytes in base64url', 'The private key of `vapidPublicKey`: a secret.'),
  optional(
    'vapidSubject',
    'a `mailto:` or `https:` URL',
    'Whom push services may turn to. Needed with the keys.',
    (text) => VAPID_SUBJECT.test(text),
  ),
  list(
    'webPushHosts',
    'host names, `*.` before one for everything below it, or `*`',
    'Push services that registrations may name. Not set: those of Chrome, Firefox, Safari and Edge.',
    where((given: string) => /^(\*|(\*\.)?[a-z0-9.-]{1,253})$/.test(given)),
  ),
  integer(
    'wakeUpRestSeconds',
    'seconds',
    [10, 1, 86_400],
    'A device is woken at most once in this time; what comes meanwhile has it woken again at the end of it, unless it has connected.',
  ),
  integer(
    'wakeUpQueueMax',
    'devices',
    [1_000, 1, 100_000],
    'Devices of one organization that may wait to be woken. Past it they are not: their events wait all the same.',
  ),
  optional(
    'sealingKey',
    '32 bytes in base64',
    'Key that seals masked events in mailboxes. Not set: made once and kept in `dataDir`.',
  ),
  optional(
    'formerSealingKey',
    '32 bytes in base64',
    'Key that sealed before: what it sealed is still opened, and nothing is sealed with it (`docs/masks.md`).',
  ),
  choice(
    'maskLength',
    'kept',
    ['kept', 'fixed'],
    'How many `*` a masked text becomes: as many as it has UTF-16 units, or always eight, so that its length is hidden too.',
  ),
  origins(
    'allowedOrigins',
    'origins such as `https://app.example.com`, `https://*.example.com`, `http://localhost:*` or `capacitor://localhost`, or `*`',
    'Web pages and apps that may call the HTTP API and `/ws` from a browser, besides those served from the same host or from `publicUrl`. A star stands for the names below a domain, or for any port. With the demo directory, pages at `http://localhost` and `http://127.0.0.1` may besides, at any port.',
  ),
  list(
    'trustedProxies',
    'IP addresses or CIDR ranges',
    'Proxies whose `X-Forwarded-For` is believed, with or without ports in it. `Forwarded` is not looked at.',
    where(isAddressRange),
  ),
  integer(
    'httpIdleSeconds',
    'seconds',
    [620, 1, 86_400],
    'How long an HTTP connection may wait for its next request. Longer than any proxy in front keeps its own (Caddy 120 s, Google Cloud 600 s): whoever closes first must not be the server.',
  ),
  flag(
    'fastLane',
    true,
    'Whether the requests that come by the thousand take a short way past the HTTP framework. The answers are the same (`docs/adr/0042-a-fast-lane.md`): off costs speed, and shows whether a fault is in it.',
  ),
  optional(
    'tlsCertFile',
    'a PEM file',
    'Certificate chain. With `tlsKeyFile`, the port speaks HTTPS and WSS. Re-read when it changes.',
  ),
  optional('tlsKeyFile', 'a PEM file', 'Private key of the certificate.'),
  choice('tlsMinVersion', 'TLSv1.2', TLS_VERSIONS, 'Oldest version of TLS for HTTPS, WSS and MQTT over TLS.'),
  text(
    'tlsCiphers',
    AEAD_SUITES.join(':'),
    'OpenSSL names, with colons between',
    'Cipher suites for the same, the most wanted first. The default leaves out CBC and suites without forward secrecy.',
  ),
  optional(
    'tlsClientCaFile',
    'a PEM file',
    'Authorities whose client certificates are good. Set: clients are asked for one, and `tlsClientCertificates` says who must have one. Re-read when it changes.',
  ),
  choice(
    'tlsClientCertificates',
    'backends',
    ['backends', 'everyone'],
    'Who must show a client certificate, with `tlsClientCaFile`. `backends`: client credentials and role SERVICE, whatever they do; phones and browsers need none. `everyone`: nobody else gets past the handshake.',
  ),
  integer('mqttPort', '', [0, 0, 65_535], 'Port of plain MQTT over TCP. 0: none.'),
  integer('mqttTlsPort', '', [0, 0, 65_535], 'Port of MQTT over TLS, with the same certificate. 0: none.'),
  integer('linksMax', 'connections', [100_000, 1, 10_000_000], 'MQTT connections at one time.'),
  integer(
    'httpConnectionsMax',
    'connections',
    [100_000, 16, 10_000_000],
    'HTTP connections at one time, idle ones among them, at most half of what open files leave; one address may have half of what is free (`docs/sharing.md`).',
  ),
  integer(
    'pendingLinksMax',
    'connections',
    [5000, 1, 1_000_000],
    'MQTT connections that have not sent their CONNECT yet.',
  ),
  integer(
    'ackTimeoutSeconds',
    'seconds',
    [60, 0, 86_400],
    'How long a device may have as many unacknowledged events as it may have and acknowledge none, before its connection is closed; what waits comes again over the next. 0: for ever.',
  ),
  list(
    'iceServerUrls',
    '`stun:` URLs',
    'STUN servers for `GET /rtc-api/iceServers`.',
    where((item) => /^stuns?:[^\s]+$/.test(item)),
  ),
  list(
    'turnUrls',
    '`turn:` or `turns:` URLs',
    'TURN servers for the same; they need `turnSecret`.',
    where((item) => /^turns?:[^\s]+$/.test(item)),
  ),
  optional(
    'turnSecret',
    'any text',
    'Secret shared with the TURN servers, for time-limited credentials (draft-uberti-behave-turn-rest).',
  ),
  integer('turnTtlSeconds', 'seconds', [86_400, 60, 604_800], 'Lifetime of those credentials.'),
  optional(
    'metricsToken',
    'at least 16 characters',
    'Bearer token that `/metrics` asks for. Not set: open to everyone who reaches the port; see `adminPort`.',
    (text) => text.length >= 16,
  ),
  flag(
    'console',
    true,
    'Whether the web console is served, at `/console/`. Always at `port`: it is a client of the API.',
  ),
  flag('docs', true, 'Whether the page that explains the API is served, at `/docs`.'),
  flag('metrics', true, 'Whether Prometheus metrics are served, at `/metrics`.'),
  integer(
    'adminPort',
    '',
    [0, 0, 65_535],
    'Port for `/metrics` and `/docs`, which are then nowhere else; health is at both. It speaks TLS where `port` does. 0: none, all is at `port`.',
  ),
  text('adminHost', '127.0.0.1', 'an address or host name', 'Address that `adminPort` listens on.'),
  integer('drainSeconds', 'seconds', [5, 0, 300], 'Time over which links are closed after SIGTERM.'),
  ...rate('events', 'events', 'Organization', [50_000, 100_000], 'Events sent into one organization'),
  ...rate('events', 'events', 'Caller', [20_000, 50_000], 'Events that one caller sends'),
  ...rate('registers', 'requests', 'Organization', [10_000, 100_000], 'Registrations in one organization'),
  ...rate('registers', 'requests', 'Caller', [100, 1_000], 'Registrations by one caller'),
  ...rate('tokens', 'requests', 'Client', [1_000, 10_000], 'Requests for tokens by one client, secret shown'),
  ...rate(
    'tokens',
    'requests',
    'User',
    [1, 100],
    'Attempts with one user name; a failed one counts 10 times',
  ),
  ...rate(
    'tokens',
    'requests',
    'Address',
    [50, 1_000],
    'Attempts from one address (IPv6: /64; a /56 has 4 times as many, a /48 16 times); the same',
  ),
  ...rate(
    'work',
    'milliseconds',
    'Caller',
    [200, 500],
    'Processor time that one caller may have for what costs what it takes: masks, history, presence, refused packets',
  ),
  ...rate('work', 'milliseconds', 'Organization', [400, 1_000], 'The same, all callers of one organization'),
  ...rate(
    'work',
    'milliseconds',
    'Address',
    [200, 500],
    'The same, callers that have not shown who they are',
  ),
  integer(
    'idempotencyKeysMax',
    'keys',
    [1_000_000, 1_000, 100_000_000],
    'Answers to idempotency keys that are remembered for ten minutes. Past it the oldest of whoever has the most are forgotten (`docs/sharing.md`).',
  ),
  integer(
    'revocationsMax',
    'revocations',
    [200_000, 1_000, 10_000_000],
    'Revoked tokens that are remembered until they expire, and as many users all of whose tokens are. Of whoever is over its share all tokens are revoked at once (`docs/sharing.md`).',
  ),
  integer(
    'refreshFamiliesMax',
    'families',
    [1_000_000, 1_000, 100_000_000],
    'Sign-ins with a live refresh token, in all. Past it the oldest of the organization that has the most are dropped (`docs/sharing.md`).',
  ),
  integer(
    'lastSeenUsersMax',
    'users',
    [1_000_000, 1_000, 100_000_000],
    'Users without a registration of whom it is remembered for 90 days when they were last seen. Past it the oldest of the organization that has the most are forgotten (`docs/sharing.md`).',
  ),
  integer(
    'shedLagMs',
    'milliseconds',
    [500, 0, 60_000],
    'How late the event loop may be before what is dear is refused; at twice that, what is new as well (`docs/sharing.md`). 0: it does not count.',
  ),
  integer(
    'shedWritePercent',
    'per cent',
    [75, 1, 100],
    'The same for the bytes of events that wait to be written, of as many as may wait; half way from there to all, what is new as well. 100: they do not count.',
  ),
  share('organization', 50, 'one organization'),
  share('caller', 25, 'one caller'),
  share('address', 25, 'one address, where no more is known than that (IPv6: /64)'),
] as const
