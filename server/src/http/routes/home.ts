import type { App } from '../app-type.ts'
import type { HttpSettings } from '../settings.ts'

const CONSOLE = '/console/'

/** People who type the host alone are taken to the console, or else to the page that explains the API. */
export function homeRoute(app: App, { pages }: Pick<HttpSettings, 'pages'>): void {
  const home = pages.some(({ path }) => path === CONSOLE) ? CONSOLE : '/docs'
  app.get('/', { schema: { hide: true } }, (_request, reply) => {
    reply.redirect(home)
  })
}
