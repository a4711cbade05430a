import { userId } from './roster.ts'
import type { Work } from './work.ts'

const OK = 200

/** REGISTER of each user's one contact in turn (RFC 3261 §10): the first time round new, from then on a refresh. */
export class SipRegister implements Work {
  readonly #port: number
  readonly #users: number
  #turn = 0

  constructor({ port, users }: { readonly port: number; readonly users: number }) {
    this.#port = port
    this.#users = users
  }

  next(slot: number): Buffer {
    const turn = this.#turn++
    return Buffer.from(registerRequest(this.#port, userId(turn % this.#users), turn + 1, slot), 'latin1')
  }

  accepts(status: number): boolean {
    return status === OK
  }
}

/** The contact is that of the user, and the place that asks for it changes nothing: answers go to where it came from. */
export function registerRequest(port: number, user: string, sequence: number, slot: number): string {
  const server = `127.0.0.1:${port}`
  return [
    `REGISTER sip:${server} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK${slot}-${sequence}`,
    'Max-Forwards: 70',
    `From: <sip:${user}@${server}>;tag=bench`,
    `To: <sip:${user}@${server}>`,
    `Call-ID: ${user}`,
    `CSeq: ${sequence} REGISTER`,
    `Contact: <sip:${user}@127.0.0.1:5060>`,
    'Expires: 3600',
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n')
}
