// What can be pressed and is smaller than a fingertip. A box or a dot in its label is as large as that. What a board draws
// to the scale of time is as high as it lasts.
(least) => {
  const PRESSED = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=option]"
  const measure = (element) => {
    const boxes = [element, ...(element.matches("[type=checkbox], [type=radio]") ? element.labels ?? [] : [])].map((each) => each.getBoundingClientRect())
    return [Math.max(...boxes.map((box) => box.width)), Math.max(...boxes.map((box) => box.height))]
  }
  const isSeen = (element) => {
    const box = element.getBoundingClientRect()
    return element.checkVisibility({ visibilityProperty: true }) && box.width > 1 && box.height > 1 && box.bottom > 0 && !element.closest("[aria-hidden=true], .board svg")
  }
  return [...document.querySelectorAll(PRESSED)].filter(isSeen)
    .map((element) => [element, measure(element)])
    .filter(([, [width, height]]) => Math.min(width, height) < least - 0.5)
    .map(([element, [width, height]]) => `${width.toFixed(0)}×${height.toFixed(0)} ${element.outerHTML.slice(0, 120)}`)
}
