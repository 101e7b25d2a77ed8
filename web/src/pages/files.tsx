import type { Run } from '../api/client'
export const Files = ({ run }: { run: Run }) => <p class="empty">{run.id}</p>
