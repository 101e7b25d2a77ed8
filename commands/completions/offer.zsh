# What changes (runs, environments, configurations) is asked for.
(( $+functions[_ade_offered] )) ||
_ade_offered() {
    local -a typed offered
    local value about
    typed=("${(@Q)${(z)LBUFFER}}")
    # The word that is being typed is not part of the question.
    [[ $LBUFFER == *[[:space:]] ]] || typed[-1]=()
    while IFS=$'\t' read -r value about; do
        offered+=("${value//:/\\:}:$about")
    done < <("$typed[1]" completions --offer -- "${(@)typed[2,-1]}" 2>/dev/null)
    (( $#offered )) && _describe -V 'ade' offered && return
    _files
}

