import type { RoundOptions } from './round.ts'

/** As long as it takes to lose something. */
export const briefly: Pick<RoundOptions, 'seconds' | 'settleMs'> = { seconds: 2, settleMs: 300 }
