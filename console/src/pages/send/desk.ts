import type { Message, Receipt } from '@rollcall/client'
import type { Api } from '../../api/api.ts'
import { describe, isAborted, type Problem } from '../../api/problem.ts'
import { NEW_FORM, type SendForm } from './form.ts'
import { messageOf, waitSecondsOf } from './message.ts'

/** What is on the page Send. Lives as long as the sign-in, and in memory only: it may hold personal data. */
export type DeskState = {
  readonly form: SendForm
  readonly sending: Sending | undefined
  readonly outcome: Outcome | undefined
}

/** An event on its way. */
export type Sending = { readonly form: SendForm; readonly startedAtMs: number; readonly waitSeconds: number }

/** What came of the last one. `form`: as it was sent. */
export type Outcome =
  | { readonly is: 'answered'; readonly form: SendForm; readonly receipt: Receipt }
  | { readonly is: 'failed'; readonly form: SendForm; readonly problem: Problem }
  | { readonly is: 'stopped'; readonly form: SendForm }

/** What sends. */
export type Sender = Pick<Api, 'send'>

/** Two presses within this time are one: a double-click, or a key held down. */
const SAME_PRESS_MS = 600

/** The form, and one event at a time on its way, whichever page is shown. */
export class SendDesk {
  readonly #api: Sender
  readonly #nowMs: () => number
  readonly #makeKey: () => string
  readonly #listeners = new Set<() => void>()
  #state: DeskState = { form: NEW_FORM, sending: undefined, outcome: undefined }
  #stop = new AbortController()
  #pressedAtMs = Number.NEGATIVE_INFINITY
  /** Sent without an answer, which may have got through: sent again under the same key, it goes once. */
  #unanswered: { readonly form: SendForm; readonly message: Message; readonly key: string } | undefined

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
   * Sends a form without faults; nothing while another is on its way, or for the second press of a double-click.
   * Resolves when there is an outcome; never rejects.
   *
   * @param onProblem told of what was thrown
   */
  async send(
    form: SendForm,
    organizationId: string | undefined,
    onProblem: (thrown: unknown) => void,
  ): Promise<void> {
    const startedAtMs = this.#nowMs()
    if (this.#state.sending !== undefined || startedAtMs - this.#pressedAtMs < SAME_PRESS_MS) return
    this.#pressedAtMs = startedAtMs
    this.#stop = new AbortController()
    const waitSeconds = waitSecondsOf(form)
    this.#set({ ...this.#state, sending: { form, startedAtMs, waitSeconds }, outcome: undefined })
    const outcome = await this.#sendNow(form, organizationId, waitSeconds, onProblem)
    this.#set({ ...this.#state, sending: undefined, outcome })
  }

  /** Waits no longer. What has gone out has gone out. */
  stop(): void {
    this.#stop.abort()
  }

  async #sendNow(
    form: SendForm,
    organizationId: string | undefined,
    waitSeconds: number,
    onProblem: (thrown: unknown) => void,
  ): Promise<Outcome> {
    const { message, key } = this.#order(form, organizationId)
    try {
      const receipt = await this.#api.send(message, {
        idempotencyKey: key,
        signal: this.#stop.signal,
        ...(waitSeconds === 0 ? {} : { waitSeconds }),
      })
      return { is: 'answered', form, receipt }
    } catch (error) {
      const problem = describe(error)
      if (problem.isPassing) this.#unanswered = { form, message, key }
      if (isAborted(error)) return { is: 'stopped', form }
      onProblem(error)
      return { is: 'failed', form, problem }
    }
  }

  #order(form: SendForm, organizationId: string | undefined) {
    const former = this.#unanswered
    this.#unanswered = undefined
    if (former?.form === form && former.message.organizationId === organizationId) return former
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
