import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { PROBE } from './accessibility-probe.ts'

/**
 * Demands of what a page shows now: that every field has a label, buttons and links have names, there is one `h1` and
 * one `main`, ids are unique, and text stands out from its ground by 4.5 : 1 (WCAG 2.2: 1.3.1, 1.4.3, 2.4.2, 4.1.2);
 * in light and in dark.
 */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    found.push(...(await complaints(page)).map((text) => `${what}, ${colorScheme}: ${text}`))
  }
  await page.emulateMedia({ colorScheme: null })
  assert.deepEqual(found, [])
}

/** What the probe finds wrong, each as a text that says where. */
export async function complaints(page: Page): Promise<readonly string[]> {
  const found: unknown = await page.evaluate(PROBE)
  assert.ok(Array.isArray(found))
  return found.map(String)
}
