import type { Scope } from '../../session/scope.ts'
import { Page } from '../../ui/page.tsx'

export function SendPage(_: Scope & Readonly<Record<string, unknown>>) {
  return <Page title="Send">…</Page>
}
