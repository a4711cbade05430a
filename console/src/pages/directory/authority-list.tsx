import { useState } from 'preact/hooks'
import type { Authority } from '../../api/directory.ts'
import { count } from '../../format.ts'
import { hrefOfEntry } from '../../routes.ts'
import { optionsOf, type Scope } from '../../session/scope.ts'
import { ProblemBanner } from '../../ui/banner.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Card } from '../../ui/page.tsx'
import { partOf } from '../../ui/parts.ts'
import { SearchField } from '../../ui/search-field.tsx'
import { Turner } from '../../ui/turner.tsx'
import { usePoll } from '../../ui/use-poll.ts'
import { go } from '../../ui/use-route.ts'
import { ROLES } from './roles.ts'

const ROWS = 50

/** The words that users and clients hold, and how many hold each. */
export function AuthorityList({ scope }: { readonly scope: Scope }) {
  const [wanted, setWanted] = useState('')
  const [page, turn] = useState(0)
  const { data, problem } = usePoll(
    `authorities ${scope.organizationId ?? ''}`,
    (signal) => scope.session.api.directory.authorities(optionsOf(scope, signal)),
    { intervalMs: 0, onProblem: scope.onProblem },
  )
  const found = data?.filter(({ authority }) => authority.toLowerCase().includes(wanted.toLowerCase()))
  const part = partOf(found?.length ?? 0, ROWS, page)
  return (
    <>
      <SearchField
        label="A part of an authority"
        action="Open"
        onWrite={(text) => {
          setWanted(text)
          turn(0)
        }}
        onFind={(authority) => go(hrefOfEntry('authorities', authority))}
      />
      <ProblemBanner problem={problem} />
      {(data !== undefined || problem === undefined) && (
        <Card title="Authorities">
          {found === undefined && <p class="quiet">Asking …</p>}
          {found?.length === 0 && (
            <Empty title={wanted === '' ? 'Nobody holds any yet' : 'None has that in it'}>
              An authority is there as long as a user or a client holds it: it is given on their pages.
            </Empty>
          )}
          {found !== undefined && found.length > 0 && <Rows authorities={found.slice(part.from, part.to)} />}
          <Turner label="Pages of authorities" part={part} of={found?.length ?? 0} onTurn={turn} />
        </Card>
      )}
    </>
  )
}

function Rows({ authorities }: { readonly authorities: readonly Authority[] }) {
  return (
    <div class="table-wrap plain-links">
      <table class="rows rows-entries">
        <thead>
          <tr>
            <th class="rows-main">Authority</th>
            <th class="rows-what">Lets its holders</th>
            <th class="rows-state">Held by</th>
          </tr>
        </thead>
        <tbody>
          {authorities.map(({ authority, users, clients, role }) => (
            <tr key={authority}>
              <td class="rows-main">
                <a class="clamp" href={hrefOfEntry('authorities', authority)}>
                  <bdi>{authority}</bdi>
                </a>
              </td>
              <td class="rows-what quiet">{role === undefined ? 'what rules say' : ROLES[role]}</td>
              <td class="rows-state">
                {count(users)} {users === 1 ? 'user' : 'users'}, {count(clients)}{' '}
                {clients === 1 ? 'client' : 'clients'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
