import { queryOf } from './query.ts'

/** Where in the console one is. Kept in the URL's fragment, which never leaves the browser. */
export type Route =
  | { readonly page: 'now'; readonly shown: NowShown }
  | {
      readonly page: 'people'
      readonly userId: string | undefined
      readonly prefix: string
      readonly shown: PeopleShown
    }
  | { readonly page: 'events'; readonly eventId: string | undefined; readonly filters: Filters }
  | {
      readonly page: 'send'
      readonly userId: string | undefined
      readonly userEndpointId: string | undefined
    }
  | { readonly page: 'hooks'; readonly webhookId: string | undefined }
  | {
      readonly page: 'directory'
      readonly kind: DirectoryKind
      readonly entryId: string | undefined
      readonly prefix: string
      /** Whether a new entry is being written. */
      readonly isAdding: boolean
    }
  | { readonly page: 'nodes' }
  | { readonly page: 'help' }

export type PageName = Route['page']

/** What the directory has pages of. */
export type DirectoryKind = (typeof DIRECTORY_KINDS)[number]

export const DIRECTORY_KINDS = ['organizations', 'users', 'clients', 'webhooks', 'authorities'] as const

/** What the charts show. */
export type NowShown = 'minutes' | 'day'

/** Whom the list of people shows. */
export type PeopleShown = 'everybody' | 'connected' | 'lately'

/** What a list of events may be narrowed by, as `GET /rtc-api/events` names it. Empty texts count as absent. */
export type Filters = {
  readonly userId?: string
  readonly userEndpointId?: string
  readonly type?: string
  readonly outcome?: string
  /** A part of the event as it is kept. */
  readonly text?: string
  readonly from?: string
  readonly to?: string
}

const FILTERS = ['userId', 'userEndpointId', 'type', 'outcome', 'text', 'from', 'to'] as const

/** Reads a fragment such as `#/people/bob`; anything unknown is the first page. Never throws. */
export function parseRoute(fragment: string): Route {
  const [path = '', query = ''] = fragment.replace(/^#?\/?/, '').split('?', 2)
  const [page = '', ...rest] = path.split('/')
  const id = decode(rest.join('/'))
  const parameters = new URLSearchParams(query)
  switch (page) {
    case 'people':
      return { page, userId: id, prefix: parameters.get('prefix') ?? '', shown: shownIn(parameters) }
    case 'events':
      return { page, eventId: id, filters: filtersIn(parameters) }
    case 'send':
      return { page, userId: id, userEndpointId: parameters.get('userEndpointId') ?? undefined }
    case 'hooks':
      return { page, webhookId: id }
    case 'directory':
      return directoryIn(rest, parameters)
    case 'help':
    case 'nodes':
      return { page }
    default:
      return { page: 'now', shown: parameters.get('shown') === 'day' ? 'day' : 'minutes' }
  }
}

/** The fragment of a page: `href(['people', 'bob'])` is `#/people/bob`. */
export function href(
  [page, id]: readonly [page: PageName, id?: string | undefined],
  parameters: Readonly<Record<string, string | undefined>> = {},
): string {
  const path = id === undefined || id === '' ? page : `${page}/${encodeURIComponent(id)}`
  return `#/${path}${queryOf(parameters)}`
}

/** The page of one thing in the directory, or of all of its kind: `#/directory/users/bob`. */
export function hrefOfEntry(
  kind: DirectoryKind,
  id?: string,
  parameters: Readonly<Record<string, string | undefined>> = {},
): string {
  const path = id === undefined || id === '' ? kind : `${kind}/${encodeURIComponent(id)}`
  return `#/directory/${path}${queryOf(parameters)}`
}

/** The page, and the one thing that it is about; where a list is narrowed, one stays in the same place. */
export function placeOf(route: Route): string {
  return href([route.page, subjectOf(route)])
}

/** The organization that a fragment names, beside its page; `undefined`: none. */
export function organizationIn(fragment: string): string | undefined {
  const [, query = ''] = fragment.split('?', 2)
  return new URLSearchParams(query).get('organization') ?? undefined
}

/** The same fragment with another organization; empty: with none. */
export function withOrganization(fragment: string, organizationId: string): string {
  const [path = '', query = ''] = fragment.split('?', 2)
  const { organization: _, ...rest } = Object.fromEntries(new URLSearchParams(query))
  return `${path === '' ? '#/now' : path}${queryOf({ ...rest, organization: organizationId })}`
}

function subjectOf(route: Route): string | undefined {
  switch (route.page) {
    case 'now':
    case 'nodes':
    case 'help':
      return undefined
    case 'people':
    case 'send':
      return route.userId
    case 'events':
      return route.eventId
    case 'hooks':
      return route.webhookId
    case 'directory':
      return [route.kind, route.entryId ?? '', ...(route.isAdding ? ['new'] : [])].join(' ')
  }
}

function directoryIn([first, ...rest]: readonly string[], parameters: URLSearchParams): Route {
  return {
    page: 'directory',
    kind: DIRECTORY_KINDS.find((kind) => kind === first) ?? 'users',
    entryId: decode(rest.join('/')),
    prefix: parameters.get('prefix') ?? '',
    isAdding: parameters.get('add') === 'true',
  }
}

function shownIn(parameters: URLSearchParams): PeopleShown {
  const shown = parameters.get('shown')
  return shown === 'connected' || shown === 'lately' ? shown : 'everybody'
}

function filtersIn(parameters: URLSearchParams): Filters {
  return Object.fromEntries(
    FILTERS.flatMap((name) => {
      const value = parameters.get(name)
      return value === null || value === '' ? [] : [[name, value]]
    }),
  )
}

function decode(text: string): string | undefined {
  if (text === '') return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
