import type { Registration, RegistrationKey } from '../../store.ts'
import { isYes, list, number, text } from '../connection/answers.ts'
import type { Answer } from '../connection/wire.ts'

/** A registration as `S.show` gives it. */
export function toRegistration(answer: Answer): Registration {
  const row = list(answer)
  const wakeUp = text(row[11])
  return {
    ...toRegistrationKey(answer),
    keepAliveSeconds: number(row[4]),
    serverKeepAliveReminderOn: isYes(row[5]),
    registeredAtWallMs: number(row[6]),
    lastKeepAliveAtWallMs: number(row[7]),
    remainingMs: number(row[8]),
    reminded: isYes(row[9]),
    authorizedUntilWallMs: number(row[10]),
    ...(wakeUp === '' ? {} : { wakeUp: wakeUpOf(wakeUp) }),
  }
}

/** The first four fields of a row. */
export function toRegistrationKey(answer: Answer): RegistrationKey {
  const [organizationId, userId, userEndpointId, registrationId] = list(answer)
  return {
    organizationId: text(organizationId),
    userId: text(userId),
    userEndpointId: text(userEndpointId),
    registrationId: number(registrationId),
  }
}

/** How a device is woken, as a text that is never empty. */
export function wakeUpText(wakeUp: Uint8Array): string {
  return `w${Buffer.from(wakeUp).toString('base64')}`
}

function wakeUpOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.slice(1), 'base64'))
}
