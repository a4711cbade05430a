import type { Registration } from './registrations.ts'

/**
 * The service time at which a registration wants attention: its reminder, at two thirds of the period, where
 * it asked for one and this period's was not sent yet; otherwise its deadline. Pure.
 */
export function dueAtMs(
  registration: Pick<
    Registration,
    'expiresAtMs' | 'keepAliveSeconds' | 'serverKeepAliveReminderOn' | 'reminded'
  >,
): number {
  const { expiresAtMs, keepAliveSeconds, serverKeepAliveReminderOn, reminded } = registration
  return serverKeepAliveReminderOn && !reminded ? expiresAtMs - (keepAliveSeconds * 1000) / 3 : expiresAtMs
}
