// What the server advises is also for terminals and programs: commands and routes. Here a page of the console stands for these.

const PAGES: [words: RegExp, page: string][] = [
  [/token/, 'tokens'],
  [/\benv\b|environment|build|doctor/, 'environments'],
  [/worker|\btop\b|pause|resume/, 'workers'],
  [/config|\binit\b|\bcheck\b|\block\b|\bfix\b/, 'configs'],
  [/\brun|\blogs\b|event/, 'runs'],
]
const FOR_OTHERS = /`(?:ade|GET|POST|PUT|DELETE) [^`]*`|(?:^| )--[a-z][^ ]*/

/** What of it is said in words, and the page that has what its commands and routes have. */
export function advice(text: string | null | undefined): { said: string; page: string | null } {
  const clauses = (text ?? '').split(/(?<=[.;]) /)
  const order = clauses.map((clause) => FOR_OTHERS.exec(clause)?.[0]).find((one) => one)
  const said = clauses.filter((clause) => !FOR_OTHERS.test(clause)).join(' ').replace(/;$/, '')
  return { said, page: (order && PAGES.find(([words]) => words.test(order))?.[1]) ?? null }
}
