/** Runs in a page, which this side has no types for: an expression that gives a list of complaints. */
export const PROBE = String.raw`(() => {
  const CONTRAST_MIN = 4.5
  const found = []
  const all = (selector) => [...document.querySelectorAll(selector)]
  const where = (element) => {
    const text = (element.textContent ?? '').trim().replace(/\s+/g, ' ').slice(0, 40)
    const id = element.id === '' ? '' : '#' + element.id
    const classes = typeof element.className === 'string' ? element.className.trim().replace(/\s+/g, '.') : ''
    return '<' + element.localName + id + (classes === '' ? '' : '.' + classes) + '> "' + text + '"'
  }
  const isShown = (element) =>
    element.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true }) && element.getClientRects().length > 0
  const textsOf = (element, attribute) =>
    (element.getAttribute(attribute) ?? '').split(/\s+/).filter(Boolean)
      .map((id) => document.getElementById(id)?.textContent ?? '').join(' ').trim()

  // Structure.
  if (document.title.trim() === '') found.push('the document has no title')
  if (document.documentElement.lang === '') found.push('the document has no language')
  for (const name of ['h1', 'main']) {
    const count = all(name).filter(isShown).length
    if (count !== 1) found.push(count + ' × <' + name + '>')
  }
  const ids = all('[id]').map(({ id }) => id)
  for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) found.push('id twice: ' + id)
  for (const element of all('[aria-describedby], [aria-labelledby], [aria-controls]'))
    for (const attribute of ['aria-describedby', 'aria-labelledby', 'aria-controls'])
      for (const id of (element.getAttribute(attribute) ?? '').split(/\s+/).filter(Boolean))
        if (document.getElementById(id) === null) found.push(attribute + ' of nothing: ' + where(element))
  for (const element of all('[tabindex]'))
    if (element.tabIndex > 0) found.push('tabindex above 0: ' + where(element))

  // Names.
  for (const field of all('input:not([type=hidden]), select, textarea')) {
    const label = [...(field.labels ?? [])].map(({ textContent }) => textContent.trim()).join(' ')
    if (!label && !field.ariaLabel && !textsOf(field, 'aria-labelledby'))
      found.push('no label: ' + field.outerHTML.slice(0, 120))
  }
  for (const element of all('button, a[href], summary, [role=button], [role=img], [role=meter], progress, img')) {
    const name = element.ariaLabel || textsOf(element, 'aria-labelledby') || element.textContent.trim() ||
      element.getAttribute('alt') || element.title
    if (!name && element.getAttribute('alt') !== '') found.push('no name: ' + element.outerHTML.slice(0, 120))
  }

  // Contrast. A canvas knows every way of writing a colour.
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  const read = new Map()
  const rgba = (colour) => {
    const known = read.get(colour)
    if (known !== undefined) return known
    context.clearRect(0, 0, 1, 1)
    context.fillStyle = colour
    context.fillRect(0, 0, 1, 1)
    const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data
    const value = [red, green, blue, alpha / 255]
    read.set(colour, value)
    return value
  }
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1]
  const grounds = new Map()
  const groundOf = (element) => {
    if (element === null) return rgba('canvas')
    const known = grounds.get(element)
    if (known !== undefined) return known
    const own = rgba(getComputedStyle(element).backgroundColor)
    const ground = own[3] === 1 ? own : over(own, groundOf(element.parentElement))
    grounds.set(element, ground)
    return ground
  }
  const luminance = ([r, g, b]) => {
    const [R, G, B] = [r, g, b].map((part) => {
      const share = part / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * R + 0.7152 * G + 0.0722 * B
  }
  const contrast = (one, other) => {
    const [less, more] = [luminance(one), luminance(other)].sort((a, b) => a - b)
    return (more + 0.05) / (less + 0.05)
  }
  const judge = (element, colour, what) => {
    // WCAG 1.4.3 leaves out what is inactive.
    if (element.closest(':disabled, [aria-disabled=true]') !== null || !isShown(element)) return
    const ground = groundOf(element)
    const ratio = contrast(over(rgba(colour), ground), ground)
    if (ratio < CONTRAST_MIN) found.push('contrast ' + ratio.toFixed(2) + ' of ' + what + ': ' + where(element))
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const seen = new Set()
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement
    if (walker.currentNode.data.trim() === '' || element === null || seen.has(element)) continue
    if (['SCRIPT', 'STYLE', 'OPTION', 'TITLE'].includes(element.nodeName)) continue
    seen.add(element)
    judge(element, getComputedStyle(element).color, 'text')
  }
  for (const field of all('input:not([type=radio], [type=checkbox]), select, textarea')) {
    judge(field, getComputedStyle(field).color, 'what is written')
    if (field.placeholder) judge(field, getComputedStyle(field, '::placeholder').color, 'the placeholder')
  }
  return found
})()`
