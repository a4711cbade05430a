import type { Call } from './call-state.ts'
import type { LogEntry, Model } from './line.ts'
import { nameOf, PEOPLE, type Person } from './people.ts'
import { callText, durationText, initialOf, stateText } from './words.ts'

/** What a person can do here. */
export type Actions = {
  choose(person: Person): void
  leave(): void
  ring(): void
  answer(): void
  decline(): void
  hangUp(): void
  mute(isMuted: boolean): void
}

export type View = {
  askWho(): void
  show(model: Model): void
}

type Elements = ReturnType<typeof findElements>

/** Everything that comes from outside is put in as text, never as markup. */
export function createView(page: Document, actions: Actions): View {
  const elements = findElements(page)
  wire(page, elements, actions)
  return {
    askWho() {
      page.title = 'Ring'
      showOnly(elements, false)
    },
    show(model) {
      showOnly(elements, true)
      keepFocus(page, elements, () => showModel(elements, model))
    },
  }
}

function findElements(page: Document) {
  const find = <Kind extends Element>(id: string, kind: new () => Kind): Kind => {
    const element = page.getElementById(id)
    if (element instanceof kind) return element
    throw new Error(`index.html has no ${kind.name} with the id ${id}`)
  }
  const button = (id: string): HTMLButtonElement => find(id, HTMLButtonElement)
  const part = (id: string): HTMLElement => find(id, HTMLElement)
  return {
    ...{ mute: button('mute'), leave: button('leave'), ring: button('ring'), answer: button('answer') },
    ...{
      decline: button('decline'),
      hangUp: button('hang-up'),
      otherTab: find('other-tab', HTMLAnchorElement),
    },
    ...{ who: part('who'), people: part('people'), phone: part('phone'), state: part('state') },
    ...{ card: part('card'), avatar: part('avatar'), peer: part('peer'), call: part('call') },
    ...{ timer: part('timer'), hint: part('hint'), log: part('log') },
  }
}

function wire(page: Document, elements: Elements, actions: Actions): void {
  elements.people.replaceChildren(
    ...PEOPLE.map((person) => {
      const avatar = page.createElement('span')
      avatar.className = 'avatar'
      avatar.setAttribute('aria-hidden', 'true')
      avatar.textContent = initialOf(person.name)
      const button = page.createElement('button')
      button.type = 'button'
      button.append(avatar, person.name)
      button.addEventListener('click', () => actions.choose(person))
      return button
    }),
  )
  elements.leave.addEventListener('click', () => actions.leave())
  elements.ring.addEventListener('click', () => actions.ring())
  elements.answer.addEventListener('click', () => actions.answer())
  elements.decline.addEventListener('click', () => actions.decline())
  elements.hangUp.addEventListener('click', () => actions.hangUp())
  elements.mute.addEventListener('click', () => {
    const isMuted = elements.mute.getAttribute('aria-pressed') !== 'true'
    elements.mute.setAttribute('aria-pressed', String(isMuted))
    elements.mute.textContent = isMuted ? 'Muted' : 'Mute'
    actions.mute(isMuted)
  })
}

function showOnly({ who, phone, mute, leave }: Elements, isChosen: boolean): void {
  who.hidden = isChosen
  for (const element of [phone, mute, leave]) element.hidden = !isChosen
}

function showModel(elements: Elements, { person, state, phone, log, nowMs }: Model): void {
  const { call } = phone
  const peer = call.kind === 'idle' ? person.peer : call.peer
  const name = nameOf(peer)
  setText(elements.state, stateText(state, person.name))
  elements.state.dataset['status'] = state.status
  elements.card.dataset['call'] = call.kind
  setText(elements.avatar, initialOf(name))
  setText(elements.peer, name)
  setText(elements.call, callText(phone))
  elements.timer.hidden = call.kind !== 'connected'
  if (call.kind === 'connected') setText(elements.timer, durationText(nowMs - call.sinceMs))
  showActions(elements, call, name, state.status === 'online')
  showHint(elements, person, call)
  showLog(elements.log, log)
}

function showActions(
  { ring, answer, decline, hangUp }: Elements,
  call: Call,
  name: string,
  isOnline: boolean,
) {
  ring.hidden = call.kind !== 'idle'
  // Not a matter of sending, which needs no connection: the answer could not come.
  ring.disabled = !isOnline
  setText(ring, `Ring ${name}`)
  answer.hidden = call.kind !== 'incoming'
  decline.hidden = call.kind !== 'incoming'
  hangUp.hidden = call.kind === 'idle' || call.kind === 'incoming'
  setText(hangUp, call.kind === 'connected' || call.kind === 'answering' ? 'Hang up' : 'Cancel')
}

function showHint({ hint, otherTab }: Elements, person: Person, call: Call): void {
  hint.hidden = call.kind !== 'idle'
  const url = new URL(location.href)
  url.searchParams.set('as', person.peer)
  otherTab.href = url.href
  setText(otherTab, `Open ${nameOf(person.peer)} in another tab`)
}

function showLog(list: HTMLElement, log: readonly LogEntry[]): void {
  list.replaceChildren(
    ...log.map(({ isOurs, type, note }) => {
      const item = list.ownerDocument.createElement('li')
      const code = list.ownerDocument.createElement('code')
      code.textContent = type
      item.append(isOurs ? 'sent ' : 'received ', code, note === '' ? '' : ` · ${note}`)
      return item
    }),
  )
}

/** Only what has changed: a screen reader reads again what is written again. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/**
 * Where the button that had the focus goes away, the focus goes to the text that says what is happening, from where one
 * step leads to the new buttons. Not to such a button itself: a key already on its way down would press it.
 */
function keepFocus(page: Document, { call }: Elements, change: () => void): void {
  const before = page.activeElement
  change()
  const isGone = before instanceof HTMLElement && before !== page.body && !before.checkVisibility()
  if (isGone) call.focus()
}
