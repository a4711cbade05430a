import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ask, post } from '../../../test/helpers/ask.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'

const ENDPOINTS = '/rtc-api/users/endpoints'
const ID_EXPECTED = 'must be a string of 1 to 128 characters without + # / $ or control characters'
const SECONDS_EXPECTED = 'must be an integer from 1 to 86400'

type Case = readonly [body: string, fields: Record<string, string>]

const seconds = (value: string): Case => [
  `{"keepAliveSeconds":${value}}`,
  { keepAliveSeconds: SECONDS_EXPECTED },
]
const registerId = (value: string): Case => [
  `{"keepAliveSeconds":5,"userEndpointId":${value}}`,
  { userEndpointId: ID_EXPECTED },
]
const endpointId = (value: string): Case => [`{"userEndpointId":${value}}`, { userEndpointId: ID_EXPECTED }]

const BAD_FIELDS: readonly (readonly [operation: string, cases: readonly Case[]])[] = [
  [
    '',
    [
      ['{}', { keepAliveSeconds: SECONDS_EXPECTED }],
      ...[
        '"5"',
        'null',
        'true',
        '5.5',
        '0',
        '-1',
        '-0',
        '86401',
        '1e400',
        '9007199254740993',
        '[5]',
        '{}',
      ].map(seconds),
      ...['5', 'true', '[]', '{}', '"a/b"', '"+"', '"#"', '"$x"', '"\\u0000"', '"\\r\\n"', '"\\u0085"'].map(
        registerId,
      ),
      ...[`"${'x'.repeat(129)}"`, '"\\ud800"', '"\\udc00x"'].map(registerId),
      [
        '{"keepAliveSeconds":"5","userEndpointId":7,"serverKeepAliveReminderOn":"yes"}',
        {
          userEndpointId: ID_EXPECTED,
          keepAliveSeconds: SECONDS_EXPECTED,
          serverKeepAliveReminderOn: 'must be true or false',
        },
      ],
      [
        '{"keepAliveSeconds":5,"serverKeepAliveReminderOn":1}',
        { serverKeepAliveReminderOn: 'must be true or false' },
      ],
    ],
  ],
  [
    '/keepalive',
    [
      ['{}', { userEndpointId: ID_EXPECTED }],
      ['{"__proto__":{"userEndpointId":"e"}}', { userEndpointId: ID_EXPECTED }],
      ...['null', '""', '5', 'true', '["e"]', '{"a":1}', '"a/b"', '"\\u0000"', `"${'x'.repeat(129)}"`].map(
        endpointId,
      ),
    ],
  ],
  [
    '/unregister',
    [
      ['{"reason":"x"}', { userEndpointId: ID_EXPECTED }],
      ['{"userEndpointId":"e","reason":5}', { reason: 'must be a string of at most 256 characters' }],
      [
        `{"userEndpointId":"e","reason":"${'x'.repeat(257)}"}`,
        { reason: 'must be a string of at most 256 characters' },
      ],
    ],
  ],
  ['/sendEvent', [['{"userId":"bob"}', { event: 'must be a JSON object' }]]],
]

describe('bad fields', () => {
  for (const [operation, cases] of BAD_FIELDS)
    it(`of ${operation || '/register'} are each named with what was expected`, async (test) => {
      const { listen, registrar, delivery } = await openHttp(test)
      const url = await listen()
      const paths = operation === '' ? [ENDPOINTS, `${ENDPOINTS}/register`] : [ENDPOINTS + operation]
      for (const path of paths)
        for (const [body, fields] of cases) {
          const answer = await post(url, path, body)
          assert.equal(answer.status, 400, body)
          const { error, message, ...named } = JSON.parse(answer.text)
          assert.equal(error, 'invalid_request', body)
          assert.equal(typeof message, 'string', body)
          assert.deepEqual(named, fields, body)
        }
      assert.deepEqual([registrar.wanted, delivery.sent], [[], []])
    })
})

describe('what is valid, however it looks', () => {
  it('is taken', async (test) => {
    const { listen, registrar } = await openHttp(test)
    const url = await listen()
    for (const body of [
      '{"keepAliveSeconds":5.0}',
      '{"keepAliveSeconds":5e0,"__proto__":{"x":1},"constructor":1,"toString":{"a":[]}}',
      '{"keepAliveSeconds":86400,"userEndpointId":"__proto__"}',
      '{"keepAliveSeconds":1,"userEndpointId":"constructor","unknown":{"deep":[[[]]]}}',
      ` \n{"keepAliveSeconds":1,"userEndpointId":"${'é'.repeat(128)}"} `,
    ])
      assert.equal((await post(url, ENDPOINTS, body)).status, 200, body)
    assert.equal(registrar.wanted.length, 5)
  })

  it('and so is a reason with line breaks', async (test) => {
    const { listen, logged } = await openHttp(test, { settings: { logRequests: true } })
    const url = await listen()
    await post(url, ENDPOINTS, { keepAliveSeconds: 5, userEndpointId: 'e' })
    const reason = 'a\r\n{"level":50,"msg":"forged"}\u2028'
    assert.equal((await post(url, `${ENDPOINTS}/unregister`, { userEndpointId: 'e', reason })).status, 204)
    assert.ok(!logged.join('').includes('forged'))
  })
})

const deep = (levels: number): string =>
  `{"x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)},"keepAliveSeconds":5}`

describe('bodies that are no JSON object', () => {
  const MALFORMED: readonly (readonly [what: string, body: string | Buffer])[] = [
    ['nothing', ''],
    ['half an object', '{"keepAliveSeconds":'],
    ['two values', '{"keepAliveSeconds":5}{}'],
    ['a trailing comma', '{"keepAliveSeconds":5,}'],
    ['NaN', '{"keepAliveSeconds":NaN}'],
    ['a comment', '{"keepAliveSeconds":5/**/}'],
    ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['UTF-16', Buffer.from('{"keepAliveSeconds":5}', 'utf16le')],
    ['two byte order marks', '\ufeff\ufeff{"keepAliveSeconds":5}'],
    ['a key given twice', '{"keepAliveSeconds":5,"keepAliveSeconds":6}'],
    ['a key given twice, once escaped', '{"keepAliveSeconds":5,"keepAlive\\u0053econds":6}'],
    ['101 levels', deep(101)],
    ['10,000 levels', deep(10_000)],
    ['100,000 open brackets', '['.repeat(100_000)],
  ]

  it('are malformed', async (test) => {
    const { listen, registrar } = await openHttp(test)
    const url = await listen()
    for (const path of [
      ENDPOINTS,
      `${ENDPOINTS}/keepalive`,
      `${ENDPOINTS}/unregister`,
      `${ENDPOINTS}/sendEvent`,
    ])
      for (const [what, body] of MALFORMED) {
        const answer = await ask(url, `POST ${path}`, {
          body,
          headers: { 'content-type': 'application/json' },
        })
        assert.equal(answer.status, 400, `${path}: ${what}`)
        assert.equal(JSON.parse(answer.text).error, 'malformed_json', `${path}: ${what}`)
      }
    assert.deepEqual(registrar.wanted, [])
    assert.equal((await post(url, ENDPOINTS, deep(100))).status, 200)
  })

  it('but some other value are not valid', async (test) => {
    const { listen } = await openHttp(test)
    const url = await listen()
    for (const path of [ENDPOINTS, `${ENDPOINTS}/keepalive`, `${ENDPOINTS}/sendEvent`])
      for (const body of ['null', '5', '"x"', 'true', '[]', '[{"keepAliveSeconds":5}]']) {
        const answer = await post(url, path, body)
        assert.equal(answer.status, 400)
        assert.deepEqual(
          JSON.parse(answer.text),
          { error: 'invalid_request', message: 'The body must be a JSON object.' },
          `${path} ${body}`,
        )
      }
  })

  it('or no body at all', async (test) => {
    const { listen } = await openHttp(test)
    const url = await listen()
    for (const operation of ['', '/register', '/keepalive', '/unregister', '/sendEvent']) {
      const answer = await ask(url, `POST ${ENDPOINTS}${operation}`)
      assert.equal(answer.status, 400, operation)
    }
  })
})

describe('content types', () => {
  it('that are JSON in UTF-8', async (test) => {
    const { listen } = await openHttp(test)
    const url = await listen()
    for (const type of [
      'application/json',
      'application/json; charset=utf-8',
      'application/json;charset=UTF-8',
      'application/json; charset="utf-8"',
      'Application/JSON',
      'application/json; v=1; charset=utf8',
      'application/json;',
    ]) {
      const answer = await post(url, ENDPOINTS, '{"keepAliveSeconds":5}', { 'content-type': type })
      assert.equal(answer.status, 200, type)
    }
  })

  it('that are anything else: 415', async (test) => {
    const { listen, registrar, delivery } = await openHttp(test)
    const url = await listen()
    for (const operation of ['', '/sendEvent'])
      for (const type of [
        'application/json\ta',
        'application/json garbage',
        'application/json, text/plain',
        'application/json; charset=utf-16',
        'application/json; charset=iso-8859-1',
        'application/json; charset=utf-8; charset=utf-7',
        'application/json; garbage',
        'application/jsonx',
        'application/ld+json',
        'text/json',
        'text/plain',
        'text/plain; application/json',
        'multipart/form-data; boundary=x',
        'application/x-www-form-urlencoded',
        '/json',
        'x',
        `application/json${' '.repeat(8_000)}x`,
      ]) {
        const answer = await post(url, ENDPOINTS + operation, '{"keepAliveSeconds":5}', {
          'content-type': type,
        })
        assert.equal(answer.status, 415, type)
        assert.equal(JSON.parse(answer.text).error, 'unsupported_media_type', type)
      }
    assert.deepEqual([registrar.wanted, delivery.sent], [[], []])
  })

  it('missing, or with a content coding: 415', async (test) => {
    const { listen } = await openHttp(test)
    const url = await listen()
    const body = '{"keepAliveSeconds":5}'
    assert.equal((await ask(url, `POST ${ENDPOINTS}`, { body })).status, 415)
    assert.equal((await post(url, ENDPOINTS, body, { 'content-encoding': 'gzip' })).status, 415)
  })
})

describe('an idempotency key', () => {
  it('is 1 to 128 characters', async (test) => {
    const { listen, delivery } = await openHttp(test)
    const url = await listen()
    const body = { userId: 'bob', event: { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' } }
    for (const key of ['', 'k'.repeat(129)]) {
      const answer = await post(url, `${ENDPOINTS}/sendEvent`, body, { 'idempotency-key': key })
      assert.equal(answer.status, 400)
      assert.equal(JSON.parse(answer.text)['Idempotency-Key'], 'must be 1 to 128 characters')
    }
    assert.deepEqual(delivery.sent, [])
  })
})
