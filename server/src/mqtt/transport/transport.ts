import type { CloseReason } from '../reasons.ts'

/** A connection's bytes, whatever carries them. */
export interface Transport {
  /** Whether what is written must be framed for a WebSocket (`packets/frames.ts`). */
  readonly isWebSocket: boolean
  readonly name: 'websocket' | 'tcp' | 'tls'
  /** Whether the peer has shown a good client certificate. */
  readonly hasCertificate: boolean
  /** See `readHeaderText`. */
  readonly userAgent: string | undefined
  /** Begins to deliver. Called once. */
  start(receiver: TransportListener): void
  /**
   * Writes one frame. Nothing is written any more once the connection is being closed by either side.
   *
   * @param onTaken called without an error once the operating system has taken the bytes
   */
  write(frame: Buffer, onTaken?: OnTaken): void
  /** Bytes written that the operating system has not taken yet. */
  bufferedBytes(): number
  /** Bytes that it has taken since the start; moves only forward as far as frames are concerned. */
  takenBytes(): number
  /** Has `onDrained` called once, when nothing is buffered any more. */
  notifyDrained(): void
  /** Stops reading for a while. */
  pause(): void
  resume(): void
  /** The client is known now: it may send more. */
  admitted(): void
  /** Closes once everything written was taken. `onClosed` follows unless the peer is gone: see {@link destroy}. */
  close(): void
  /** Closes at once. `onClosed` follows. Idempotent. */
  destroy(): void
}

export type OnTaken = (error?: Error | null) => void

/** What a transport tells. None of these throws. */
export interface TransportListener {
  onData(chunk: Buffer): void
  onDrained(): void
  /** Bytes of something that has begun and not ended are kept by what carries them. */
  onUnfinished(bytes: number): void
  /** The peer broke the rules of what carries the bytes, or sent too much before it was known. */
  onViolation(reason: CloseReason): void
  /** The connection is gone. Called once, last. */
  onClosed(): void
}
