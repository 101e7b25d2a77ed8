export const Configurations = () => <p class="empty">…</p>
export const Configuration = ({ id }: { id: string; rest: string[] }) => <p class="empty">{id}</p>
