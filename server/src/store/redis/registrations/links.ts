import type { LinkStore } from '../../store.ts'
import { isYes } from '../connection/answers.ts'
import { atUser, type Engine } from '../engine.ts'

export function redisLinks(engine: Engine): LinkStore {
  return {
    async attach(registration, { linkId, peer }) {
      const args = [registration.registrationId, linkId, JSON.stringify(peer)]
      return isYes(await atUser(engine, 'quick', 'attach', registration, args))
    },
    async detach(registration, { linkId }, reason) {
      const args = [registration.registrationId, linkId, reason]
      await atUser(engine, 'quick', 'detach', registration, args)
    },
  }
}
