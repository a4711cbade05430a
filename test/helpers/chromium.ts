import { findChromium, findHeadlessShell, systemAdvice } from '../../scripts/system-packages.mjs'

/** @throws with how to get it, where there is none */
export function chromiumPath(): string {
  const path = findChromium()
  if (path === undefined) throw new Error(systemAdvice('chromium'))
  return path
}

/**
 * The same engine without windows, for pages that need none: half the work (docs/adr/0065). Where there is no such
 * program, the whole one.
 *
 * @throws with how to get that, where there is none
 */
export function headlessPath(): string {
  return findHeadlessShell() ?? chromiumPath()
}

/** What keeps it quiet: nothing of its own goes out, nothing depends on the machine's graphics. */
export function chromiumFlags(): readonly string[] {
  return [
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // Chromium's sandbox refuses to be run by root.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ]
}
