/** How the console looks: as the system does, or as somebody chose. */
export type Theme = 'system' | 'light' | 'dark'

const KEY = 'rollcall.console.theme'
const NEXT: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' }

export function nextTheme(theme: Theme): Theme {
  return NEXT[theme]
}

export function readTheme(): Theme {
  try {
    const kept = localStorage.getItem(KEY)
    return kept === 'light' || kept === 'dark' ? kept : 'system'
  } catch {
    // Storage may be switched off: then nothing is remembered.
    return 'system'
  }
}

/** Shows the theme, and remembers it where that is possible. */
export function applyTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme
  try {
    if (theme === 'system') localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, theme)
  } catch {
    // As above.
  }
}
