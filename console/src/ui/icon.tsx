/** Line drawings of 24 × 24, the console's own. Each stands beside a word and says nothing by itself. */
const PATHS = {
  now: 'M3 12h4l3-8 4 16 3-8h4',
  people:
    'M16 20v-1.5a4 4 0 0 0-4-4H7a4 4 0 0 0-4 4V20M9.5 10.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M21 20v-1.5a4 4 0 0 0-3-3.8M15.5 3.7a3.5 3.5 0 0 1 0 6.6',
  events: 'M8 6h13M8 12h13M8 18h13M3.5 6h.01M3.5 12h.01M3.5 18h.01',
  send: 'M21 3 10.5 13.5M21 3l-6.5 18-4-7.5L3 9.5 21 3Z',
  hooks:
    'M12 8.5a2.5 2.5 0 1 0-2.3-1.5L6.5 13M17 17.5H10.6M14.2 7.6 17 13m0 0a2.5 2.5 0 1 1-1.3 4.6M6.5 13a2.5 2.5 0 1 0 2.4 3.2',
  directory: 'M5 4.5A1.5 1.5 0 0 1 6.5 3H19v18H6.5A1.5 1.5 0 0 1 5 19.5ZM5 17h14M9.5 7.5h5M9.5 11.5h5',
  leave: 'M9 21H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2h4M16 17l5-5-5-5M21 12H9',
  theme: 'M12 3v18M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}
