// What errors of configurations say.
import type { Schemas } from '../api/client'

export type Failure = Schemas['RunError']

/** A file of an error, as the list of files names it. */
export const plain = (file: string) => file.replace(/^<configuration>\//, '')

/** What an error says, without the place that is shown beside it. */
export const said = (error: Failure) => (error.file && error.line ? error.message.replace(/ \((?:<configuration>\/)?[^()]*, line \d+(?:, in [^()]*)?\)$/, '') : error.message)
