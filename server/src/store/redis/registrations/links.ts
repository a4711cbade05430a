import type { LinkStore } from '../../store.ts'
import { number } from '../connection/answers.ts'
import { refused } from '../connection/refusals.ts'
import { atUser, type Engine } from '../engine.ts'

const ATTACHED = 1
const BURIED = 2

export function redisLinks(engine: Engine): LinkStore {
  return {
    async attach(registration, { linkId, peer }) {
      // Before it is asked: a link that is held though the answer is lost is to be found.
      engine.attached.add(engine.partitions.ofUser(registration))
      const args = [registration.registrationId, linkId, JSON.stringify(peer), engine.self()]
      const answer = number(await atUser(engine, 'quick', 'attach', registration, args))
      if (answer === BURIED) throw refused('This process was taken for dead.')
      return answer === ATTACHED
    },
    async detach(registration, { linkId }, reason) {
      const args = [registration.registrationId, linkId, reason, engine.self()]
      await atUser(engine, 'quick', 'detach', registration, args)
    },
  }
}
