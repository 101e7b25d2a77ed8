// The names of a run's objects in the files of a configuration.

/** Returns the texts to search for, most reliable first: the function, then the field. */
export function wanted(name: string): RegExp[] {
  const field = /^Field\('(\w+)'\)/.exec(name)?.[1] ?? /^(\w+)\./.exec(name)?.[1]
  const last = /(\w+)$/.exec(name)?.[1]
  const all = last ? [new RegExp(`^\\s*def ${last}\\b`)] : []
  if (field) all.push(new RegExp(`Field\\(\\s*["']${field}["']`), new RegExp(`["']${field}["']`))
  return all
}
