// Text whose colour stands out too little from what lies behind it: "ratio text" for each.
() => {
  const channels = colour => colour.match(/[\d.]+/g).map(Number)
  const over = (top, below) => {
    const alpha = top[3] ?? 1
    return [0, 1, 2].map(i => top[i] * alpha + below[i] * (1 - alpha))
  }
  const luminance = rgb => {
    const [r, g, b] = rgb.map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const known = new Map()
  const behind = element => {
    if (!element) return [255, 255, 255]
    if (!known.has(element))
      known.set(element, over(channels(getComputedStyle(element).backgroundColor), behind(element.parentElement)))
    return known.get(element)
  }
  const found = new Set()
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement
    if (!text) continue
    const box = element.getBoundingClientRect(), style = getComputedStyle(element)
    const visible = element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    if (!box.width || !box.height || !visible) continue
    if (element.closest("script, style, option, :disabled, .visually-hidden, .skip-to-content-link")) continue
    const back = behind(element)
    const isSvg = element instanceof SVGElement
    const front = over(channels(isSvg ? style.fill : style.color), back)
    const [light, dark] = [luminance(front), luminance(back)].sort((a, b) => b - a)
    const ratio = (light + 0.05) / (dark + 0.05)
    if (ratio < 4.5) found.add(ratio.toFixed(2) + " " + text.slice(0, 40))
  }
  return [...found]
}
