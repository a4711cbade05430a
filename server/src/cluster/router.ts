/** What a message is about: the room that sends such messages also reads them. */
export const SUBJECTS = ['delivery', 'take_over', 'request', 'reply'] as const
export type Subject = (typeof SUBJECTS)[number]

/** @param from the incarnation of the node that sent it */
export type Receiver = (message: Uint8Array, from: string) => void

/**
 * Carries small messages between nodes. One may be lost, doubled, late, or come before one that was sent earlier: whoever
 * sends it must lose no more than time by that, and whoever receives it must take it twice. What a node must not miss, the
 * store knows (`LinkStore.told`).
 */
export interface Router {
  /** Sends to a node, by its incarnation. One that is gone hears nothing, and neither does one that came back as another. */
  send(node: string, subject: Subject, message: Uint8Array): void
  /** Who receives what is about a subject. One for each; before anything is sent. A receiver does not throw. */
  receive(subject: Subject, receiver: Receiver): void
}
