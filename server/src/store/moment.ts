/** One moment as an engine's own clocks have it, read once per operation. */
export type Moment = {
  /** Service time: deadlines are counted from it. */
  readonly nowMs: number
  /** Service time by which it is judged who lives, at most `nowMs`: see `ServiceTime.heardMs`. */
  readonly heardMs: number
  readonly nowWallMs: number
}
