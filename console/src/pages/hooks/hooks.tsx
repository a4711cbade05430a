import type { Scope } from '../../session/scope.ts'
import { Page } from '../../ui/page.tsx'

export function HooksPage(_: Scope & Readonly<Record<string, unknown>>) {
  return <Page title="Hooks">…</Page>
}
