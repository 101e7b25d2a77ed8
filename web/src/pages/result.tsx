import type { Run } from '../api/client'
export const Result = ({ run }: { run: Run }) => <p class="empty">{run.id}</p>
