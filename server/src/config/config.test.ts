import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CONFIGURATION_KEYS, ConfigurationError, readConfiguration } from './config.ts'

function refused(env: Record<string, string>, file: unknown, key: string): void {
  assert.throws(
    () => readConfiguration(env, file),
    (error) => error instanceof ConfigurationError && error.message.startsWith(`${key}: `),
    `${key} was not refused`,
  )
}

describe('the configuration', () => {
  it('works without any', () => {
    const configuration = readConfiguration({}, undefined)
    assert.equal(configuration.host, '127.0.0.1')
    assert.equal(configuration.port, 8080)
    assert.equal(configuration.directoryFile, undefined)
    assert.deepEqual(configuration.allowedOrigins.patterns, [])
  })

  it('reads every key that is documented, and documents every key that it reads', () => {
    const read = Object.keys(readConfiguration({}, undefined)).sort()
    assert.deepEqual(read, CONFIGURATION_KEYS.map((key) => key.name).sort())
  })

  it('prefers the environment over the file, and takes an empty string for not set', () => {
    assert.equal(readConfiguration({ PORT: '9000' }, { port: 1 }).port, 9000)
    assert.equal(readConfiguration({ PORT: '' }, { port: 9001 }).port, 9001)
    assert.equal(readConfiguration({ PORT: '' }, { port: null }).port, 8080)
  })

  it('takes the most and the fewest bytes that are documented, from the environment too', () => {
    for (const { name, env, type, unit, min, max } of CONFIGURATION_KEYS) {
      if (type !== 'integer' || unit !== 'bytes') continue
      for (const value of [min ?? 0, max ?? 0])
        assert.equal(Reflect.get(readConfiguration({ [env]: String(value) }, {}), name), value, env)
    }
  })

  it('reads lists from both', () => {
    assert.deepEqual(
      readConfiguration({ ALLOWED_ORIGINS: 'https://a.example, https://b.example:8443' }, {}).allowedOrigins
        .patterns,
      ['https://a.example', 'https://b.example:8443'],
    )
    assert.deepEqual(readConfiguration({}, { trustedProxies: ['10.0.0.0/8', '::1'] }).trustedProxies, [
      '10.0.0.0/8',
      '::1',
    ])
  })

  it('reads flags from both', () => {
    assert.equal(readConfiguration({}, undefined).console, true)
    assert.equal(readConfiguration({ CONSOLE: 'false' }, { console: true }).console, false)
    for (const console of [false, 'false']) assert.equal(readConfiguration({}, { console }).console, false)
    assert.equal(readConfiguration({ CONSOLE: 'true' }, { console: false }).console, true)
    for (const CONSOLE of ['0', 'no', 'FALSE', ' false']) refused({ CONSOLE }, {}, 'CONSOLE')
    for (const console of [0, [], {}, 'off']) refused({}, { console }, 'console')
  })

  it('names the key that is wrong, as the user wrote it', () => {
    refused({ MASK_LENGTH: 'short' }, {}, 'MASK_LENGTH')
    refused({ PORT: '65536' }, {}, 'PORT')
    refused({ PORT: '80a' }, {}, 'PORT')
    refused({ PORT: '-1' }, {}, 'PORT')
    refused({ PORT: '1e3' }, {}, 'PORT')
    refused({}, { port: '8080x' }, 'port')
    refused({}, { port: 80.5 }, 'port')
    refused({}, { port: [80] }, 'port')
    refused({ LOG_LEVEL: 'loud' }, {}, 'LOG_LEVEL')
    refused({ ACCESS_TOKEN_TTL_SECONDS: '0' }, {}, 'ACCESS_TOKEN_TTL_SECONDS')
    refused({ PUBLIC_URL: 'ftp://x' }, {}, 'PUBLIC_URL')
    refused({ PUBLIC_URL: 'https://x.example/path' }, {}, 'PUBLIC_URL')
    refused({ ALLOWED_ORIGINS: 'https://a.example/app' }, {}, 'ALLOWED_ORIGINS')
    refused({ TRUSTED_PROXIES: '10.0.0.0/33' }, {}, 'TRUSTED_PROXIES')
    refused({ TRUSTED_PROXIES: 'proxy.example' }, {}, 'TRUSTED_PROXIES')
    refused({ FOREIGN_ISSUERS: '[' }, {}, 'FOREIGN_ISSUERS')
    refused({ METRICS_TOKEN: 'short' }, {}, 'METRICS_TOKEN')
  })

  it('takes a Redis with the key that seals what it keeps, and says what is missing', () => {
    const SEALING_KEY = Buffer.alloc(32).toString('base64')
    const { redisUrl, redisPrefix, redisReplicasMin } = readConfiguration(
      { REDIS_URL: 'rediss://me:p@cache.example:6380/1', SEALING_KEY, REDIS_CA_FILE: '/ca.pem' },
      undefined,
    )
    assert.deepEqual(
      [redisUrl, redisPrefix, redisReplicasMin],
      ['rediss://me:p@cache.example:6380/1', 'rc:', 0],
    )
    refused({ REDIS_URL: 'redis://127.0.0.1' }, {}, 'REDIS_URL')
    for (const REDIS_URL of [
      ...['127.0.0.1:6379', 'http://127.0.0.1', 'redis://', 'redis:///tmp/socket', 'redis://a,'],
      ...['redis+sentinel://a', 'redis+sentinel://a/', 'redis://a?b'],
    ])
      refused({ REDIS_URL, SEALING_KEY }, {}, 'REDIS_URL')
    for (const REDIS_URL of [
      'redis://a:1,[::1]:2,b',
      'redis+sentinel://me:p@a,b:1/calls/2',
      'redis://:p@a/1',
    ])
      assert.equal(readConfiguration({ REDIS_URL, SEALING_KEY }, {}).redisUrl, REDIS_URL)
    refused({ REDIS_CA_FILE: '/ca.pem' }, {}, 'REDIS_CA_FILE')
    refused({ REDIS_URL: 'redis://127.0.0.1', REDIS_CA_FILE: '/ca.pem', SEALING_KEY }, {}, 'REDIS_CA_FILE')
    for (const REDIS_PREFIX of ['{a}', 'a b', 'x'.repeat(41)]) refused({ REDIS_PREFIX }, {}, 'REDIS_PREFIX')
    for (const NODE_NAME of ['a b', 'a/b', 'x'.repeat(65)]) refused({ NODE_NAME }, {}, 'NODE_NAME')
    refused({ WORKERS: '2' }, {}, 'WORKERS')
    refused({ REDIS_REPLICAS_MIN: '6' }, {}, 'REDIS_REPLICAS_MIN')
  })

  it('refuses keys that do not exist, prototype names included, and files that are no object', () => {
    refused({}, { prot: 80 }, 'prot')
    refused({}, JSON.parse('{"__proto__": 1}'), '__proto__')
    refused({}, { constructor: 1 }, 'constructor')
    for (const file of [[], 'x', 7, null]) refused({}, file, '--config')
  })

  it('refuses what does not go together', () => {
    refused({ TLS_CERT_FILE: 'cert.pem' }, {}, 'TLS_CERT_FILE')
    refused({ MQTT_TLS_PORT: '8883' }, {}, 'MQTT_TLS_PORT')
    refused({ TURN_URLS: 'turn:turn.example' }, {}, 'TURN_URLS')
    refused({ SEALING_KEY: 'c2hvcnQ=' }, {}, 'SEALING_KEY')
  })

  it('never repeats a value in an error: it may be a secret', () => {
    for (const env of [
      { SEALING_KEY: 'planted-secret' },
      { METRICS_TOKEN: 'planted' },
      { FOREIGN_ISSUERS: '{planted' },
    ])
      assert.throws(
        () => readConfiguration(env, {}),
        (error) => error instanceof Error && !error.message.includes('planted'),
      )
  })
})
