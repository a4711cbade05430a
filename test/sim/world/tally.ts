/** What came of a simulation, so that a test can see that it did something. */
export type Tally = {
  sends: number
  receipts: number
  expiries: number
  reminders: number
  crashes: number
  takeOvers: number
  diskStalls: number
  failures: number
  /** Times that the process stood still, and that the wall clock jumped. */
  stalls: number
  jumps: number
  /** Events that were not delivered in time. */
  outlived: number
  /** Events that webhooks got. */
  told: number
  /** Endpoints that had to be told that another acknowledged first, and were. */
  cancelled: number
  /** Endpoints that had to be told that another answered, and were. */
  silenced: number
  /** Refresh answers that were lost and given again. */
  refreshedAgain: number
  /** Sign-ins that ended because a used refresh token was shown. */
  thefts: number
}

/** Nothing came of anything yet. */
export function emptyTally(): Tally {
  return {
    ...{ sends: 0, receipts: 0, expiries: 0, reminders: 0, crashes: 0, takeOvers: 0, diskStalls: 0 },
    ...{ failures: 0, stalls: 0, jumps: 0, outlived: 0, told: 0, cancelled: 0, silenced: 0 },
    ...{ refreshedAgain: 0, thefts: 0 },
  }
}
