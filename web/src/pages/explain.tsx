import type { Run } from '../api/client'
export const Explain = ({ run }: { run: Run }) => <p class="empty">{run.id}</p>
