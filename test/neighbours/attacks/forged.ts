import type { Attack } from '../attack.ts'
import { pipeline, requestBytes } from '../tools.ts'

/** Tokens with the right `kid` and a wrong signature, each another one, pipelined on a hundred connections. */
export const attack: Attack = {
  name: 'forged',
  protects: 'signatures that do not fit are checked for nobody at the price of all',
  async run(target, signal) {
    const token = target.mallory.token
    return await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        pipeline(target, signal, forgeries(token, index), { batch: 1 }),
      ),
    )
  },
}

/** Fifty requests, each with a payload of its own, so that no cache knows it. */
function forgeries(token: string, seed: number): Buffer {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const claims: object = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const requests = Array.from({ length: 50 }, (_, index) => {
    const forged = JSON.stringify({ ...claims, jti: `forged-${seed}-${index}` })
    return requestBytes(
      'GET',
      '/rtc-api/users/endpoints',
      `${header}.${Buffer.from(forged).toString('base64url')}.${signature}`,
    )
  })
  return Buffer.concat(requests)
}
