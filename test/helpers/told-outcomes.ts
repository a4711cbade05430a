import type { EventOutcome, Statistics, Tally } from '../../server/src/observe/observe.ts'

/** Tallies that also tell what is counted, as it is counted. */
export function tellingOutcomes(
  statistics: Statistics,
  listener: (outcome: EventOutcome) => void,
): Pick<Statistics, 'of'> {
  const telling = new Set<Tally>()
  return {
    of(organizationId) {
      const tally = statistics.of(organizationId)
      if (telling.has(tally)) return tally
      telling.add(tally)
      const count = tally.outcome.bind(tally)
      tally.outcome = (qos, outcome, more = 1) => {
        count(qos, outcome, more)
        if (more > 0) listener(outcome)
      }
      return tally
    },
  }
}
