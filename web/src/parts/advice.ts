// The server's advice is also for terminals and programs: commands and routes. The console replaces them with its pages.

const PAGES: [words: RegExp, page: string][] = [
  [/token/, 'tokens'],
  [/\benv\b|environment|build|doctor/, 'environments'],
  [/worker|\btop\b|pause|resume/, 'workers'],
  [/config|\binit\b|\bcheck\b|\block\b|\bfix\b/, 'configs'],
  [/\brun|\blogs\b|event/, 'runs'],
]
const FOR_OTHERS = /`(?:ade|GET|POST|PUT|DELETE) [^`]*`|(?:^| )--[a-z][^ ]*/

/** Returns the advice in words, and the page that replaces its commands and routes. */
export function advice(text: string | null | undefined): { said: string; page: string | null } {
  const clauses = (text ?? '').split(/(?<=[.;]) /)
  const order = clauses.map((clause) => FOR_OTHERS.exec(clause)?.[0]).find((clause) => clause)
  const said = clauses.filter((clause) => !FOR_OTHERS.test(clause)).join(' ').replace(/;$/, '')
  return { said, page: (order && PAGES.find(([words]) => words.test(order))?.[1]) ?? null }
}
