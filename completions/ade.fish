# Completions of ade for fish: ade itself is asked what may be typed. Where it offers nothing, files are offered.
function __fish_ade
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l ade $typed[1]
    set -e typed[1]
    set -l offered ($ade completions --offer="$current" -- $typed 2>/dev/null)
    if test (count $offered) -gt 0
        printf '%s\n' $offered
    else
        __fish_complete_path "$current"
    end
end
complete -c ade -f -k -a "(__fish_ade)"
