import assert from 'node:assert/strict'
import type { Attack } from '../attack.ts'
import type { Plant } from '../plants.ts'
import { flood, pause, Tally } from '../tools.ts'

/** Where the attacker is, once the proxies of this machine are trusted: not where the victim is. */
const ELSEWHERE = '203.0.113.1'

const ask = async (url: string, fields: Record<string, string>, client = 'customer:'): Promise<number> => {
  const headers = {
    authorization: `Basic ${btoa(client)}`,
    'content-type': 'application/x-www-form-urlencoded',
    'x-forwarded-for': ELSEWHERE,
  }
  const response = await fetch(`${url}/security/oauth/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(fields),
  })
  await response.arrayBuffer()
  return response.status
}

const guess = (url: string, username: string, client?: string) =>
  ask(url, { grant_type: 'password', username, password: `wrong-${Math.random()}` }, client)

/** A guess is paid for when it was wrong, and not before. */
const PAID_AFTERWARDS: Plant = {
  file: 'limits/sign-in-limits.js',
  find: 'stake(userPart(username), FAILURE_COST,',
  put: 'stake(userPart(username), 0,',
}

/** A hundred wrong passwords at once: no more of them are looked at than one after another. */
export const parallel: Attack = {
  name: 'guesses',
  protects: 'passwords cannot be guessed faster by guessing at once',
  without: { plants: [PAID_AFTERWARDS] },
  async run({ url }, signal) {
    const tally = new Tally()
    await Promise.all(Array.from({ length: 100 }, async () => tally.count(await guess(url, 'mallory'))))
    const wrong = Number(/400: (\d+)/.exec(tally.toString())?.[1] ?? 0)
    tally.count(wrong <= 12 ? 'as one after another' : 'more than one after another')
    await pause(signal.aborted ? 0 : 100)
    return tally
  },
  mustTell: /as one after another/,
}

/** A user pays for who asks in the user's name, whoever that is. */
const BEFORE_THE_CLIENT: Plant = {
  file: 'auth/oauth/grants.js',
  find: 'visitor.saysItIs(authorization, parameters,',
  put: `if (parameters.has('username')) visit.holds(options.admission.tried(parameters.get('username')))
    visitor.saysItIs(authorization, parameters,`,
}

/** Somebody without a valid client tries to have the victim's people locked out. */
export const lockOut: Attack = {
  name: 'lock-out',
  // `victor` signs in every second: a refusal is a fault.
  protects: 'who has no valid client cannot lock anybody out',
  without: { plants: [BEFORE_THE_CLIENT] },
  env: { TRUSTED_PROXIES: '127.0.0.0/8' },
  async run({ url }, signal) {
    return flood(20, signal, async () => {
      const status = await guess(url, 'victor', 'nobody:nothing')
      return status
    })
  },
}

/** Few buckets, so that seconds suffice to have one forgotten. */
const FEW_BUCKETS: Plant = {
  file: 'limits/buckets.js',
  find: 'const KEYS_MAX = 200_000',
  put: 'const KEYS_MAX = 300',
}
/** Whoever was looked at longest ago is forgotten, full or not. */
const ANY_FORGOTTEN: Plant = {
  file: 'limits/buckets.js',
  find: 'if (bucket.fullAtMs > this.#nowMs)',
  put: 'if (bucket.fullAtMs < 0)',
}

/** Names without number, so that the bucket of one name is forgotten and it can be guessed again. */
export const eviction: Attack = {
  name: 'eviction',
  protects: 'a bucket that is not full is never forgotten',
  plants: [FEW_BUCKETS],
  without: { plants: [ANY_FORGOTTEN] },
  env: { TOKENS_PER_SECOND_PER_ADDRESS: '0' },
  async run({ url }, signal) {
    const tally = new Tally()
    for (let count = 0; count < 12; count++) tally.count(`first ${await guess(url, 'mallory')}`)
    // Too long to be anybody's, and so refused without the work of a hash.
    const password = 'x'.repeat(1025)
    const names = await flood(40, signal, (index) =>
      ask(url, { grant_type: 'password', username: `name-${index}`, password }),
    )
    return [tally, names]
  },
  async judge({ server }) {
    // One may have become free by now: one guess in ten seconds is what there is.
    await guess(server.url, 'mallory')
    assert.equal(await guess(server.url, 'mallory'), 429, 'the name is still held off')
  },
}

/** A client pays for whoever names it, whatever is asked. */
const NAMED_IS_ENOUGH: Plant = {
  file: 'auth/oauth/grants.js',
  find: 'const grant = GRANTS.find(',
  put: `visit.holds(options.admission.identified({ id: client.id, isPublic: false }))
    const grant = GRANTS.find(`,
}

/** Requests that cannot succeed, from many addresses, on the client that everybody uses. */
export const publicClient: Attack = {
  name: 'public-client',
  protects: 'requests that mean nothing do not use up a client that all share',
  without: { plants: [NAMED_IS_ENOUGH] },
  env: { TOKENS_PER_SECOND_PER_CLIENT: '20', TOKENS_BURST_PER_CLIENT: '40', TRUSTED_PROXIES: '127.0.0.0/8' },
  async run({ url }, signal) {
    return flood(10, signal, async (index) => {
      const response = await fetch(`${url}/security/oauth/token`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${btoa('customer:')}`,
          'content-type': 'application/x-www-form-urlencoded',
          'x-forwarded-for': `203.0.113.${index % 40}`,
        },
        body: 'grant_type=x',
      })
      await response.arrayBuffer()
      return response.status
    })
  },
}
