// For people who hear the page: lines of code are no links, and the buttons of each block have a name of their own.
document$.subscribe(() => {
  document.querySelectorAll("a[id^=__codelineno]").forEach(line => line.removeAttribute("href"))
  const name = () =>
    document.querySelectorAll(".md-code__nav:not([aria-label])").forEach(nav => {
      const count = document.querySelectorAll(".md-code__nav[aria-label]").length + 1
      nav.setAttribute("aria-label", `Code ${count}`)
    })
  name()
  new MutationObserver(name).observe(document.body, { childList: true, subtree: true })
})
