import { useEffect, useState } from 'preact/hooks'
import { Banner } from '../../ui/banner.tsx'

type Charts = typeof import('./charts.tsx')

/** The charts, whose library is fetched on this page only; `undefined`: on their way. */
export function useCharts(): Charts | 'failed' | undefined {
  const [loaded, setLoaded] = useState<{ readonly is: Charts | 'failed' }>()
  useEffect(() => {
    let isOver = false
    const tell = (is: Charts | 'failed') => isOver || setLoaded({ is })
    import('./charts.tsx').then(tell, () => tell('failed'))
    return () => {
      isOver = true
    }
  }, [])
  return loaded?.is
}

export function ChartsFailed() {
  return (
    <Banner tone="warning" title="The charts could not be loaded">
      The server may have been upgraded. Load the page again.
    </Banner>
  )
}
