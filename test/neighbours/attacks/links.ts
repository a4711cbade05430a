import assert from 'node:assert/strict'
import { connectPhone } from '../../helpers/phone.ts'
import type { Attack } from '../attack.ts'
import { openPeer } from '../mqtt.ts'
import { NO_SHARES, type Plant } from '../plants.ts'
import type { Scene } from '../scene.ts'
import { flood, openSocket, pause, Tally, until } from '../tools.ts'

/** A phone of the victim's still gets its link. */
async function during({ server, tokenOfUser }: Scene): Promise<void> {
  const phone = await connectPhone(server.url, 'victor', await tokenOfUser('victor'))
  await phone.end()
}

/** One user takes every link that there is. */
export const links: Attack = {
  name: 'links',
  protects: 'a user who opens connections without end leaves the others theirs',
  env: { LINKS_MAX: '100' },
  without: { env: NO_SHARES },
  async run(target, signal) {
    return flood(150, signal, async (index) => {
      const peer = await openPeer(target, signal, target.mallory, { clientId: `taker-${index}` })
      await peer.closed
      await pause(100)
      return 'closed'
    })
  },
  during,
}

/** Room for beginnings of packets, for all together: what some dozens of connections may bring. */
const LITTLE_ROOM: Plant = {
  file: 'limits/limits.js',
  find: 'const UNFINISHED_BYTES_MAX = 134_217_728',
  put: 'const UNFINISHED_BYTES_MAX = 4_194_304',
}

/** The first third of a PUBLISH that announces 200,000 bytes. */
const BEGUN = Buffer.concat([Buffer.from([0x32, 0xc0, 0x9a, 0x0c]), Buffer.alloc(65_000, 1)])

/** Packets that begin and never end, on connections without a keepalive. */
export const unfinished: Attack = {
  name: 'unfinished',
  protects: 'packets that never end do not take the room that others need for theirs',
  plants: [LITTLE_ROOM],
  without: { env: NO_SHARES },
  async run(target, signal) {
    return flood(300, signal, async (index) => {
      const peer = await openPeer(target, signal, target.mallory, { clientId: `unfinished-${index}` })
      peer.send(BEGUN)
      await peer.closed
      await pause(100)
      return 'closed'
    })
  },
  async during(scene) {
    const target = await scene.target()
    const account = { username: 'victor', token: await scene.tokenOfUser('victor') }
    const over = new AbortController()
    const peer = await openPeer(target, over.signal, account, { clientId: 'slow' })
    await pause(500)
    // After its CONNACK it is told nothing but that it has to go.
    const told = new Promise((resolve) => peer.socket.once('data', resolve).once('close', resolve))
    peer.send(BEGUN)
    const isCut = await Promise.race([told.then(() => true), pause(1_000).then(() => false)])
    over.abort()
    assert.equal(isCut, false, 'a packet of the victim may take its time')
    await during(scene)
  },
}

/** Sockets by the hundred a second from one address, which say nothing. */
export const sockets: Attack = {
  name: 'sockets',
  protects: 'sockets from one address that say nothing leave the others their turn',
  env: { PENDING_LINKS_MAX: '200' },
  without: { env: NO_SHARES },
  async run(target, signal) {
    const tally = new Tally()
    const handshake = Buffer.from(
      'GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n',
    )
    const timer = setInterval(() => {
      for (let count = 0; count < 60; count++) {
        tally.count('opened')
        openSocket(target, signal, '127.0.0.2').resume().write(handshake)
      }
    }, 100)
    await until(signal)
    clearInterval(timer)
    return tally
  },
  during,
}
