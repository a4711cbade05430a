import { render } from 'preact'
import { Console } from './console.tsx'
import { applyTheme, readTheme } from './ui/theme.ts'

applyTheme(readTheme())
const place = document.getElementById('console')
if (place !== null) render(<Console />, place)
