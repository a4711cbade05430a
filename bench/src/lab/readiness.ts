import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { registerRequest } from '../load/sip-register.ts'

/** A datagram may come before anybody listens, and be lost: milliseconds. */
const UDP_WAIT_MS = 100

/** Whether somebody takes connections at a port of this machine. */
export function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    const end = (isOpen: boolean): void => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}

/** Whether a SIP registrar answers there. */
export function answersRegister(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    const timer = setTimeout(() => end(false), UDP_WAIT_MS)
    const end = (isThere: boolean): void => {
      clearTimeout(timer)
      socket.close()
      resolve(isThere)
    }
    socket.once('message', () => end(true))
    socket.once('error', () => end(false))
    socket.connect(port, '127.0.0.1', () => socket.send(registerRequest(port, 'nobody', 1, 0)))
  })
}
