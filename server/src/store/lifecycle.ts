/** What is decided by when it is: a registration as an engine holds it. */
export type Period = {
  /** Service time: it is live while that is before. */
  readonly expiresAtMs: number
  readonly keepAliveSeconds: number
  readonly serverKeepAliveReminderOn: boolean
  /** Whether this period's reminder was sent. */
  readonly reminded: boolean
}

/**
 * The service time at which a registration wants attention: its reminder, at two thirds of the period, where
 * it asked for one and this period's was not sent yet; otherwise its deadline. Pure.
 */
export function dueAtMs({
  expiresAtMs,
  keepAliveSeconds,
  serverKeepAliveReminderOn,
  reminded,
}: Period): number {
  return serverKeepAliveReminderOn && !reminded ? expiresAtMs - (keepAliveSeconds * 1000) / 3 : expiresAtMs
}

/**
 * Decides what a registration needs that is due. Pure, and the same in every engine, which carries it out in the step in
 * which it looks.
 *
 * A late sweep goes straight to `expire`: a reminder after the deadline would invite a keepalive that must be
 * refused.
 *
 * @param heardMs service time by which it is judged who lives
 */
export function nextStep({ expiresAtMs }: Period, heardMs: number): 'remind' | 'expire' {
  return heardMs >= expiresAtMs ? 'expire' : 'remind'
}
