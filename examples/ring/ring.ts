import { Line } from './line.ts'
import { findPerson, type Person } from './people.ts'
import { isRingSeconds } from './signals.ts'
import { RingTone } from './sound.ts'
import { createTitle } from './title.ts'
import { createView } from './view.ts'

const RING_SECONDS = 30

/**
 * One tab rings another. `?as=bob` chooses who one is; `?ring=5` makes this tab's calls ring for so many seconds (1 to 60)
 * instead of 30. `#…` is the password, where the server has a demo directory of its own: what stands there is sent nowhere.
 */
function start(): void {
  const tone = new RingTone()
  const title = createTitle(document)
  let line: Line | undefined

  const begin = (person: Person): void => {
    setParameter('as', person.id)
    line = new Line({
      url: location.origin,
      person,
      password: password(),
      ringSeconds: ringSeconds(),
      onChange(model) {
        tone.ring(model.phone.call.kind === 'incoming')
        view.show(model)
        title.show(model)
      },
    })
  }
  const view = createView(document, {
    choose: begin,
    leave() {
      // Told to the server on the way; who leaves need not wait for that.
      void line?.close()
      line = undefined
      tone.ring(false)
      title.clear()
      setParameter('as', undefined)
      // Whoever is chosen next has another password.
      location.hash = ''
      view.askWho()
    },
    ring: () => line?.ring(),
    answer: () => line?.do({ kind: 'answer' }),
    decline: () => line?.do({ kind: 'decline' }),
    hangUp: () => line?.do({ kind: 'hang_up' }),
    mute: (isMuted) => tone.mute(isMuted),
  })

  for (const gesture of ['pointerdown', 'keydown']) addEventListener(gesture, () => tone.unlock())
  // A reload or a closed tab ends its call. It stays registered until its registration expires, half a minute later: a
  // reload comes back to it, and for who rings a closed tab meanwhile no device answers.
  addEventListener('pagehide', () => line?.do({ kind: 'hang_up' }))

  const chosen = findPerson(new URLSearchParams(location.search).get('as'))
  if (chosen === undefined) view.askWho()
  else begin(chosen)
}

function password(): string | undefined {
  return location.hash.slice(1) || undefined
}

function ringSeconds(): number {
  const wanted = Number(new URLSearchParams(location.search).get('ring') ?? RING_SECONDS)
  return isRingSeconds(wanted) ? wanted : RING_SECONDS
}

function setParameter(name: string, value: string | undefined): void {
  const url = new URL(location.href)
  if (value === undefined) url.searchParams.delete(name)
  else url.searchParams.set(name, value)
  history.replaceState(null, '', url)
}

start()
