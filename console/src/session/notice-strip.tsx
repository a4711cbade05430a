import type { NoticeList } from '@rollcall/protocol/notices'
import { tell } from './notice-words.ts'

/** What is wrong now, each with the way to it; nothing where nothing is. */
export function NoticeStrip({ notices }: { readonly notices: NoticeList['notices'] }) {
  if (notices.length === 0) return null
  return (
    <section class="notices" aria-label="What is wrong now">
      <ul>
        {notices.map(tell).map(({ text, href, tone }) => (
          <li key={`${text} ${href}`} class={`notice notice-${tone}`}>
            <a href={href}>{text}</a>
          </li>
        ))}
      </ul>
    </section>
  )
}
