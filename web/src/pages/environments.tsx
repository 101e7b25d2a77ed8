export const Environments = (_: { id?: string }) => <p class="empty">…</p>
