import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { parseSendEvent } from '../../server/src/delivery/delivery.ts'
import { type Named, readVectors } from '../helpers/vectors.ts'
import { openRooms, type Rooms } from './rooms.ts'

type PacketVector = {
  readonly from: 'client' | 'server'
  readonly packet: string
  readonly hex: string
}

type SessionFacts = {
  readonly organizationId: string
  readonly userId: string
  readonly token: string
  readonly userEndpointId: string
  readonly firstPacketId: number
  readonly isBackend?: boolean
}

const ANSWER_TIMEOUT_MS = 5_000

for (const [file, protocolVersion] of [
  ['mqtt-3.1.1', 4],
  ['mqtt-5', 5],
  ['mqtt-5-backend', 5],
] as const)
  describe(`the packets of ${file}.json`, () => {
    const { session, vectors } = readVectors<PacketVector, { readonly session: SessionFacts }>(file)

    it('are whole, and what they are called', () => {
      for (const { name, packet, hex } of vectors) {
        const bytes = Buffer.from(hex, 'hex')
        assert.equal(PACKET_TYPES[bytes.readUInt8(0) >> 4], packet, name)
        assert.equal(bytes.length, bodyAt(bytes) + remainingLength(bytes), name)
      }
    })

    it('are what the server answers, byte for byte', async (test) => {
      const rooms = await openRooms({ ...session, packetIdSeed: session.firstPacketId - 1 })
      test.after(() => rooms.close())
      const { userEndpointId } = session
      const wanted = { userEndpointId, keepAliveSeconds: 60, serverKeepAliveReminderOn: false }
      await rooms.registrar.register(session, wanted, 0)
      const socket = await open(test, rooms)
      for (const vector of vectors) await exchange(rooms, session, socket, vector, protocolVersion)
    })
  })

async function open(test: TestContext, { mqttPort }: Rooms): Promise<Socket> {
  const socket = connect(mqttPort, '127.0.0.1')
  test.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

async function exchange(
  rooms: Rooms,
  session: SessionFacts,
  socket: Socket,
  { name, why, from, packet, hex }: Named & PacketVector,
  protocolVersion: number,
): Promise<void> {
  const bytes = Buffer.from(hex, 'hex')
  if (from === 'client') {
    socket.write(bytes)
    return
  }
  if (packet === 'PUBLISH' && !session.isBackend)
    await causePublish(rooms, session, readPublish(bytes, protocolVersion))
  assert.equal((await take(socket, bytes.length)).toString('hex'), hex, `${name}: ${why}`)
}

/** Somebody sends the event that the packet carries. */
async function causePublish(
  { delivery }: Rooms,
  { organizationId, userId }: SessionFacts,
  { payload, qos }: Published,
): Promise<void> {
  const sender = {
    organizationId,
    userId: 'acme-backend',
    clientId: 'acme-backend',
    isClient: true,
    authorities: [],
    isService: false,
    expiresAtWallMs: Number.POSITIVE_INFINITY,
  }
  const body = `{"userId":${JSON.stringify(userId)},"qos":${qos},"event":${payload}}`
  const { count } = await delivery.sendEvent(sender, parseSendEvent(Buffer.from(body)))
  assert.equal(count, 1)
}

/** By the high half of the first byte (MQTT 5.0 §2.1.2). */
const PACKET_TYPES = [
  ['', 'CONNECT', 'CONNACK', 'PUBLISH', 'PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP'],
  ['SUBSCRIBE', 'SUBACK', 'UNSUBSCRIBE', 'UNSUBACK', 'PINGREQ', 'PINGRESP', 'DISCONNECT', 'AUTH'],
].flat()

function bodyAt(bytes: Buffer): number {
  return bytes.subarray(1).findIndex((byte) => byte < 0x80) + 2
}

function remainingLength(bytes: Buffer): number {
  const digits = [...bytes.subarray(1, bodyAt(bytes))]
  return digits.reduce((length, digit, index) => length + (digit & 0x7f) * 128 ** index, 0)
}

type Published = { readonly qos: number; readonly payload: string }

/** Written out here, so that nothing of the server's own reading is taken for granted. */
function readPublish(bytes: Buffer, protocolVersion: number): Published {
  const qos = (bytes.readUInt8(0) >> 1) & 3
  const topicAt = bodyAt(bytes)
  const topicBytes = 2 + bytes.readUInt16BE(topicAt)
  const noProperties = protocolVersion === 5 ? 1 : 0
  const payloadAt = topicAt + topicBytes + (qos === 0 ? 0 : 2) + noProperties
  return { qos, payload: bytes.toString('utf8', payloadAt) }
}

/** The next `size` bytes, or what there is of them after a while or at the end. */
async function take(socket: Socket, size: number): Promise<Buffer> {
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
  for (let taken = socket.read(size); ; taken = socket.read(size)) {
    if (Buffer.isBuffer(taken)) return taken
    const isOver = await once(socket, 'readable', { signal }).then(
      () => socket.readableEnded,
      () => true,
    )
    if (isOver) return Buffer.from(socket.read() ?? '')
  }
}
