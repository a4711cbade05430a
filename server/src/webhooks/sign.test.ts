import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signedHeaders } from './sign.ts'

const secret = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64')
const message = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  atWallMs: 1_614_265_330_999,
  body: Buffer.from('{"test": 2432232314}'),
}

test('signs as the test vector of Standard Webhooks says', () => {
  assert.deepEqual(signedHeaders(message, [secret]), {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

test('while one secret takes over from another there is a signature of each, newest first', () => {
  const newer = Buffer.alloc(32, 9)
  const one = (key: Buffer) => signedHeaders(message, [key])['webhook-signature']
  const both = signedHeaders(message, [newer, secret])
  assert.equal(both['webhook-signature'], `${one(newer)} ${one(secret)}`)
})
