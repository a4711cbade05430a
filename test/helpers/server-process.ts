/** The built server as a process of its own, the way people run it. */
export type ServerProcess = {
  readonly url: string
  readonly port: number
  readonly dataDir: string
  readonly pid: number
  /** Everything it has written so far. */
  output(): string
  signal(name: NodeJS.Signals): void
  /** Has it stand still, as a paused machine does, for so long. */
  stall(ms: number): Promise<void>
  /** Ends it without a warning, as a power cut would. */
  kill(): Promise<void>
  /** Resolves with its exit code once it has ended by itself. */
  ended(): Promise<number | null>
  /** Asks it to stop, and gives its exit code. */
  terminate(): Promise<number | null>
}
