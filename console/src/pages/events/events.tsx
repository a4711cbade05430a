import type { Scope } from '../../session/scope.ts'
import { Page } from '../../ui/page.tsx'

export function EventsPage(_: Scope & Readonly<Record<string, unknown>>) {
  return <Page title="Events">…</Page>
}
