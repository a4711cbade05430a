import { connect, type Socket } from 'node:net'
import { type OnResponse, takeResponses } from '../wire/http-response.ts'
import { Splitter } from '../wire/splitter.ts'

type Options = {
  readonly port: number
  /** Shared by connections: what is read is used up before the next one reads. */
  readonly readBuffer: Buffer
  readonly onResponse: OnResponse
  /** The connection failed or was closed by the server. */
  readonly onLost: (error: Error) => void
}

/** A bare connection that stays open: the cheapest HTTP client that there can be in this language. */
export class HttpConnection {
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  static open({ port, readBuffer, onResponse, onLost }: Options): Promise<HttpConnection> {
    const answers = new Splitter(takeResponses(onResponse))
    return new Promise((resolve, reject) => {
      const socket: Socket = connect({
        host: '127.0.0.1',
        port,
        noDelay: true,
        onread: {
          buffer: readBuffer,
          callback(bytes) {
            answers.push(readBuffer, 0, bytes)
            return true
          },
        },
      })
      const fail = (error: Error): void => {
        reject(error)
        onLost(error)
      }
      socket.once('error', fail)
      socket.once('end', () => fail(new Error('the server closed a connection')))
      socket.once('connect', () => resolve(new HttpConnection(socket)))
    })
  }

  send(request: Buffer): void {
    this.#socket.write(request)
  }

  close(): void {
    this.#socket.destroy()
  }
}
