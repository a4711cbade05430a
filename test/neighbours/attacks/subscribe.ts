import { encodeSubscribe } from '../../../client/src/mqtt/encode.ts'
import type { Attack } from '../attack.ts'
import { openPeer } from '../mqtt.ts'
import { NO_BILL } from '../plants.ts'
import { flood } from '../tools.ts'

const FILTERS = Array.from({ length: 200 }, (_, index) => `users/endpoints/nobody-${index}`)

/** SUBSCRIBE with two hundred filters that are refused, without end, over twenty connections. */
export const attack: Attack = {
  name: 'subscribe',
  protects: 'subscriptions that are refused cost the link that asks for them',
  isMeasured: true,
  without: { env: NO_BILL },
  async run(target, signal) {
    const packet = new Uint8Array(encodeSubscribe(5, 1, FILTERS))
    return flood(20, signal, async (index) => {
      const peer = await openPeer(target, signal, target.mallory, { clientId: `subscriber-${index}` })
      const more = (): void => {
        while (!peer.socket.destroyed && peer.send(packet));
      }
      peer.socket.on('drain', more)
      more()
      await peer.closed
      return 'closed'
    })
  },
}
