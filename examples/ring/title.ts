import type { Model } from './line.ts'
import { callText } from './words.ts'

const BLINK_MS = 1_000

export type Title = {
  show(model: Model): void
  clear(): void
}

/** The tab's title, which blinks while somebody rings: often it is all that can be seen of a tab. */
export function createTitle(page: Document): Title {
  let timer: ReturnType<typeof setInterval> | undefined
  const clear = (): void => {
    clearInterval(timer)
    timer = undefined
  }
  return {
    clear,
    show({ person, phone }) {
      const usual = `Ring · ${person.name}`
      if (phone.call.kind !== 'incoming') {
        clear()
        page.title = phone.call.kind === 'idle' ? usual : `${callText(phone)} · ${person.name}`
        return
      }
      const urgent = `● ${callText(phone)}`
      if (timer === undefined) page.title = urgent
      timer ??= setInterval(() => {
        page.title = page.title === urgent && !wantsLessMotion() ? usual : urgent
      }, BLINK_MS)
    },
  }
}

function wantsLessMotion(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches
}
