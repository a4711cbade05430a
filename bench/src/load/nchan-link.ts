import { connect, type Socket } from 'node:net'
import { takeResponses } from '../wire/http-response.ts'
import { Splitter, type TakeUnit } from '../wire/splitter.ts'
import { pongFrame, takeFrames, upgradeRequest } from '../wire/websocket-frames.ts'

const SWITCHING_PROTOCOLS = 101

type Options = {
  readonly port: number
  readonly user: string
  /** Shared by links: what is read is used up before the next one reads. */
  readonly readBuffer: Buffer
  readonly onEvent: (bytes: Buffer, start: number, end: number) => void
}

/** A device's WebSocket at Nchan: whatever comes is an event. Resolves once it is open. */
export function openNchanLink({ port, user, readBuffer, onEvent }: Options): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback(count) {
          bytes.push(readBuffer, 0, count)
          return true
        },
      },
    })
    const bytes = new Splitter(takeUnit(socket, onEvent, resolve))
    socket.once('connect', () => socket.write(upgradeRequest(`127.0.0.1:${port}`, `/sub?id=${user}`)))
    socket.on('error', reject)
    socket.once('close', () => reject(new Error('Nchan closed a link that was about to open')))
  })
}

function takeUnit(socket: Socket, onEvent: Options['onEvent'], onUp: () => void): TakeUnit {
  let isUp = false
  const answer = takeResponses((status) => {
    isUp = status === SWITCHING_PROTOCOLS
    if (isUp) onUp()
    else socket.destroy(new Error(`the upgrade was answered with ${status}`))
  })
  const frames = takeFrames({
    onData: onEvent,
    onPing: (payload) => socket.write(pongFrame(payload)),
    onClose: () => socket.end(),
  })
  return (bytes, start, end) => (isUp ? frames : answer)(bytes, start, end)
}
