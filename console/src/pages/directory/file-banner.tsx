import { Banner } from '../../ui/banner.tsx'

/** Why nothing can be changed here, and what to do about it. */
export function FileBanner() {
  return (
    <Banner tone="info" title="The directory is a file: it is shown here, and changed there">
      <p>
        Whoever writes the file changes it; it is read again at once. To change it here instead, keep it in
        the store: stop the server, run <code>rollcall import-directory directory.json</code>, set{' '}
        <code>DIRECTORY=store</code>, unset <code>DIRECTORY_FILE</code>, and start. Sign-ins go on.
      </p>
    </Banner>
  )
}
