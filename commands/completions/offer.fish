
# What changes (runs, environments, configurations) is asked for.
function __fish_ade_offered
    set -l typed (commandline -opc)
    set -l ade $typed[1]
    set -e typed[1]
    $ade completions --offer -- $typed 2>/dev/null
end
complete -c ade -k -a "(__fish_ade_offered)"
# These take ids, and no files.
complete -c ade -n "__fish_ade_using_subcommand runs" -f
complete -c ade -n "__fish_ade_using_subcommand logs" -f
