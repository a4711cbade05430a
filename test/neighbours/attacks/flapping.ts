import assert from 'node:assert/strict'
import { encodeSubscribe, encodeUnsubscribe } from '../../../client/src/mqtt/encode.ts'
import { eventually } from '../../helpers/run-server.ts'
import type { Attack } from '../attack.ts'
import { openPeer } from '../mqtt.ts'
import { NO_BILL, type Plant } from '../plants.ts'
import { flood, statusOf } from '../tools.ts'

/** Each change of a link is told. */
const ALL_TOLD: Plant = {
  file: 'store/embedded/feed/feed-book.js',
  find: 'if (last === undefined || !this.#takeBack(',
  put: 'if (this.#flapping || !this.#takeBack(',
}

/** A device of the victim's own organization that subscribes and unsubscribes thousands of times a second. */
export const attack: Attack = {
  name: 'flapping',
  protects: 'a device that flaps does not push the others out of the webhook',
  without: { env: NO_BILL, plants: [ALL_TOLD] },
  env: { WEBHOOK_FEED_EVENTS_MAX: '1000' },
  async run(target, signal) {
    const { token } = target.insider
    const register = { userEndpointId: 'flapper', keepAliveSeconds: 600 }
    await statusOf(target, token, 'POST /rtc-api/users/endpoints/register', register)
    const topics = ['users/endpoints/flapper']
    const turn = [encodeSubscribe(5, 1, topics), encodeUnsubscribe(5, 2, topics)].map(
      (one) => new Uint8Array(one),
    )
    const packets = Buffer.concat(Array.from({ length: 50 }, () => turn).flat())
    return flood(1, signal, async (index) => {
      const peer = await openPeer(target, signal, target.insider, { clientId: `flapper-${index}` })
      const more = (): void => {
        while (!peer.socket.destroyed && peer.send(packets));
      }
      peer.socket.on('drain', more)
      more()
      await peer.closed
      return 'closed'
    })
  },
  async judge({ receiver }, victim) {
    const last = victim.accepted.at(-1)
    await eventually(
      () => receiver.taken.some((event) => Reflect.get(event, 'eventId') === last),
      'the webhook hears of the last event',
      20_000,
    )
    const told = new Set(receiver.taken.map((event) => Reflect.get(event, 'eventId')))
    assert.deepEqual(
      victim.accepted.filter((id) => !told.has(id)),
      [],
      'events that the webhook never heard of',
    )
  },
}
