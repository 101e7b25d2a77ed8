
# What changes (runs, environments, configurations) is asked for.
_ade_offering() {
    local current=${2-} value
    _ade "$@"
    [[ $current == -* ]] && return
    local offered=()
    while IFS=$'\t' read -r value _; do
        [[ $value == "$current"* ]] && offered+=("$(printf '%q' "$value")")
    done < <("$1" completions --offer -- "${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)
    if (( ${#offered[@]} )); then
        COMPREPLY=("${offered[@]}")
    fi
}
