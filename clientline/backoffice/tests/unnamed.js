// Fields, buttons and links that are seen but have no name, as a screen reader would say them.
() => {
  const said = each => each?.textContent.trim()
  const isNamed = each => each.ariaLabel || each.title || [...each.labels ?? []].some(said)
    || (each.getAttribute("aria-labelledby") ?? "").split(" ").some(id => said(document.getElementById(id)))
    || each.matches("input:is([type=submit], [type=button], [type=reset])[value]")
    || each.matches("a, button") && (said(each) || each.querySelector("[alt]:not([alt='']), [aria-label]"))
  return [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a[href]")]
    .filter(each => each.checkVisibility({ visibilityProperty: true }) && !each.closest("[aria-hidden=true]"))
    .filter(each => !isNamed(each)).map(each => each.outerHTML.slice(0, 120))
}
