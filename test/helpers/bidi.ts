import { once } from 'node:events'
import { WebSocket } from 'ws'

/** What a command answers, or an event tells. */
export type Members = { readonly [name: string]: unknown }

/** A session of WebDriver BiDi (https://www.w3.org/TR/webdriver-bidi/): commands and their answers, and events. */
export type BiDi = {
  /** @throws Error with the browser's own words */
  send(method: string, params: object): Promise<Members>
  /** Tells of every event. @returns what ends that */
  on(listener: (method: string, params: Members) => void): () => void
  /** Ends the session, and with it the browser. */
  close(): Promise<void>
}

type Waiting = { readonly resolve: (result: Members) => void; readonly reject: (error: Error) => void }

export async function connectBiDi(url: string): Promise<BiDi> {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  const waiting = new Map<number, Waiting>()
  const listeners = new Set<(method: string, params: Members) => void>()
  let lastId = 0
  socket.on('message', (data) => {
    const { id, type, method, params, result, error, message } = JSON.parse(String(data))
    if (type === 'event') for (const listener of listeners) listener(method, params)
    const one = waiting.get(id)
    waiting.delete(id)
    if (type === 'success') one?.resolve(result)
    else if (type === 'error') one?.reject(new Error(`${error}: ${message}`))
  })
  socket.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('the browser has gone'))
    waiting.clear()
  })
  await once(socket, 'open')
  return {
    send(method, params) {
      const id = ++lastId
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        socket.send(JSON.stringify({ id, method, params }))
      })
    },
    on(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async close() {
      socket.terminate()
      if (socket.readyState !== WebSocket.CLOSED) await once(socket, 'close')
    },
  }
}

/** What is there, some levels down; `undefined`: nothing. */
export function at(members: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
    members,
  )
}
