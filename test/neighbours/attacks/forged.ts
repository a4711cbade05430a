import type { Attack } from '../attack.ts'
import { NO_BILL, NO_LINE, type Plant } from '../plants.ts'
import { forgedToken, pipeline, requestBytes } from '../tools.ts'

/** As many signatures are checked at a time as come. */
export const NO_QUEUE: Plant = {
  file: 'auth/tokens/verifier.js',
  find: 'new FairQueue(CHECKS)',
  put: 'new FairQueue({ runningMax: 1_000_000, waitingMax: 1_000_000 })',
}
/** Connections that bring much at once are begun together. */
const ALL_AT_ONCE: Plant = {
  file: 'http/lane/fast-lane.js',
  find: 'weight: isLarge ? LARGE : 1',
  put: 'weight: 0',
}

/** Tokens with the right `kid` and a wrong signature, each another one, pipelined on a hundred connections. */
export const attack: Attack = {
  name: 'forged',
  protects: 'signatures that do not fit are checked for nobody at the price of all',
  isMeasured: true,
  without: { env: NO_BILL, plants: [NO_LINE, NO_QUEUE, ALL_AT_ONCE] },
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
  const requests = Array.from({ length: 50 }, (_, index) =>
    requestBytes('GET', '/rtc-api/users/endpoints', forgedToken(token, `forged-${seed}-${index}`)),
  )
  return Buffer.concat(requests)
}
