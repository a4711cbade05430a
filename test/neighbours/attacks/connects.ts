import { connectPhone } from '../../helpers/phone.ts'
import type { Attack } from '../attack.ts'
import { openPeer } from '../mqtt.ts'
import { NO_BILL } from '../plants.ts'
import { flood, forgedToken } from '../tools.ts'
import { NO_QUEUE } from './forged.ts'

/** Behind two bytes of the frame, two of CONNACK's head, and its flags. */
const REASON_AT = 5
const QUOTA_EXCEEDED = 0x97

/** CONNECT with tokens that nobody has seen and that no signature fits, from another address than the victim's. */
export const attack: Attack = {
  name: 'connects',
  protects: 'tokens that CONNECT shows for the first time are checked at the price of who shows them',
  isMeasured: true,
  without: { env: NO_BILL, plants: [NO_QUEUE] },
  async run(target, signal) {
    const { username, token } = target.mallory
    return flood(200, signal, async (index) => {
      const account = { username, token: forgedToken(token, `connect-${index}`) }
      const peer = await openPeer(target, signal, account, { localAddress: '127.0.0.2' })
      const answered = new Promise<Buffer>((resolve) => peer.socket.once('data', resolve))
      const frame = await Promise.race([answered, peer.closed])
      peer.socket.destroy()
      return frame?.[REASON_AT] === QUOTA_EXCEEDED ? 'held off' : 'checked'
    })
  },
  mustTell: /held off/,
  /** A phone with a token that is as new gets its link. */
  async during({ server, tokenOfUser }) {
    const phone = await connectPhone(server.url, 'victor', await tokenOfUser('victor'))
    await phone.end()
  },
}
