import type { Message, Receipt } from '@rollcall/client'
import type { Api } from '../../api/api.ts'
import { describe, isAborted, type Problem } from '../../api/problem.ts'
import { NEW_FORM, type SendForm } from './form.ts'
import { messageOf, waitSecondsOf, waitsForAnswer } from './message.ts'

/** What is on the page Send. Lives as long as the sign-in, and in memory only: it may hold personal data. */
export type DeskState = {
  readonly form: SendForm
  readonly sending: Sending | undefined
  readonly outcome: Outcome | undefined
}

/** What is to be sent: a form without faults, and into which organization, where the caller belongs to none. */
export type Order = { readonly form: SendForm; readonly organizationId: string | undefined }

/** An event on its way. */
export type Sending = {
  readonly startedAtMs: number
  readonly waitSeconds: number
  /** Whether it waits for a person, and not only for devices. */
  readonly isForAnswer: boolean
}

/** What came of the last one. */
export type Outcome =
  | { readonly is: 'answered'; readonly order: Order; readonly receipt: Receipt }
  | { readonly is: 'failed'; readonly order: Order; readonly problem: Problem }
  | { readonly is: 'stopped'; readonly order: Order }

/** What sends. */
export type Sender = Pick<Api, 'send'>

/** What was pressed: the form's own button, or the one beside what came of the last event. */
export type Press = 'send' | 'again'

/** Two presses of a button within this time are one: a double-click, or a key held down. */
const SAME_PRESS_MS = 600

/** The form, and one event at a time on its way, whichever page is shown. */
export class SendDesk {
  readonly #api: Sender
  readonly #nowMs: () => number
  readonly #makeKey: () => string
  readonly #listeners = new Set<() => void>()
  #state: DeskState = { form: NEW_FORM, sending: undefined, outcome: undefined }
  #stop = new AbortController()
  #pressed: { readonly press: Press; readonly atMs: number } | undefined
  /** Sent without an answer, which may have got through: sent again under the same key, it goes once. */
  #unanswered: { readonly order: Order; readonly message: Message; readonly key: string } | undefined

  constructor(api: Sender, nowMs = () => Date.now(), makeKey = randomKey) {
    this.#api = api
    this.#nowMs = nowMs
    this.#makeKey = makeKey
  }

  get state(): DeskState {
    return this.#state
  }

  /** Has `listener` called at every change; returns how to stop that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  edit(changes: Partial<SendForm>): void {
    this.#set({ ...this.#state, form: { ...this.#state.form, ...changes } })
  }

  /**
   * Sends; nothing while another is on its way, or for the second press of a double-click. Resolves when there is an
   * outcome; never rejects.
   *
   * @param onProblem told of what was thrown
   */
  async send(order: Order, press: Press, onProblem: (thrown: unknown) => void): Promise<void> {
    const startedAtMs = this.#nowMs()
    if (this.#state.sending !== undefined || this.#isSamePress(press, startedAtMs)) return
    this.#pressed = { press, atMs: startedAtMs }
    this.#stop = new AbortController()
    const waitSeconds = waitSecondsOf(order.form)
    this.#set({
      ...this.#state,
      sending: { startedAtMs, waitSeconds, isForAnswer: waitsForAnswer(order.form) },
      outcome: undefined,
    })
    const outcome = await this.#sendNow(order, waitSeconds, onProblem)
    this.#set({ ...this.#state, sending: undefined, outcome })
  }

  /** Waits no longer. What has gone out has gone out. */
  stop(): void {
    this.#stop.abort()
  }

  #isSamePress(press: Press, nowMs: number): boolean {
    return this.#pressed?.press === press && nowMs - this.#pressed.atMs < SAME_PRESS_MS
  }

  async #sendNow(order: Order, waitSeconds: number, onProblem: (thrown: unknown) => void): Promise<Outcome> {
    const { message, key } = this.#messageOf(order)
    try {
      const receipt = await this.#api.send(message, {
        idempotencyKey: key,
        signal: this.#stop.signal,
        ...(waitSeconds === 0 ? {} : { waitSeconds }),
      })
      return { is: 'answered', order, receipt }
    } catch (error) {
      const problem = describe(error)
      if (problem.isPassing) this.#unanswered = { order, message, key }
      if (isAborted(error)) return { is: 'stopped', order }
      onProblem(error)
      return { is: 'failed', order, problem }
    }
  }

  #messageOf(order: Order): { readonly message: Message; readonly key: string } {
    const former = this.#unanswered
    this.#unanswered = undefined
    const { form, organizationId } = order
    if (former?.order.form === form && former.order.organizationId === organizationId) return former
    return { message: messageOf(form, organizationId, this.#nowMs()), key: this.#makeKey() }
  }

  #set(state: DeskState): void {
    this.#state = state
    for (const listener of this.#listeners) listener()
  }
}

/** 128 random bits. `crypto.randomUUID` is absent from pages that came over plain http. */
function randomKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
}
