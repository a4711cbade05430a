import type { App } from '../app-type.ts'
import type { HttpSettings } from '../settings.ts'

const CONSOLE = '/console/'

/** People who type the host alone are taken to the console, or else to the page that explains the API, if any. */
export function homeRoute(app: App, { pages, docs }: Pick<HttpSettings, 'pages' | 'docs'>): void {
  const hasConsole = pages.some(({ path }) => path === CONSOLE)
  if (!hasConsole && docs === false) return
  const home = hasConsole ? CONSOLE : '/docs'
  app.get('/', { schema: { hide: true } }, (_request, reply) => {
    reply.redirect(home)
  })
}
