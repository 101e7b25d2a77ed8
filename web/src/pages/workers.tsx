export const Workers = (_: { id?: string }) => <p class="empty">…</p>
