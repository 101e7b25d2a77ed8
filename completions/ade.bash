# Completions of ade for bash: ade itself is asked what may be typed. Where it offers nothing, bash offers files.
_ade() {
    local current=${2-} value
    COMPREPLY=()
    while IFS=$'\t' read -r value _; do
        COMPREPLY+=("$(printf '%q' "$value")")
    done < <("$1" completions --offer="$current" -- "${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)
}
complete -o nosort -o bashdefault -o default -F _ade ade 2>/dev/null ||
    complete -o bashdefault -o default -F _ade ade # bash before 4.4
