# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ade_global_optspecs
    string join \n data-dir= database-url= w/workspace= json q/quiet v/verbose color= offline h/help V/version
end

function __fish_ade_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ade_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ade_using_subcommand
    set -l cmd (__fish_ade_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ade -n "__fish_ade_needs_command" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_needs_command" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_needs_command" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_needs_command" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_needs_command" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_needs_command" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_needs_command" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_needs_command" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_needs_command" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_needs_command" -f -a "init" -d 'Scaffold a configuration that runs as it is'
complete -c ade -n "__fish_ade_needs_command" -f -a "run" -d 'Normalize files'
complete -c ade -n "__fish_ade_needs_command" -f -a "check" -d 'Load and check a configuration without running it'
complete -c ade -n "__fish_ade_needs_command" -f -a "runs" -d 'List, show, cancel, retry and remove runs'
complete -c ade -n "__fish_ade_needs_command" -f -a "logs" -d 'Read event logs'
complete -c ade -n "__fish_ade_needs_command" -f -a "env" -d 'List, show, build, remove and collect environments'
complete -c ade -n "__fish_ade_needs_command" -f -a "configs" -d 'List, show, activate and deactivate configurations'
complete -c ade -n "__fish_ade_needs_command" -f -a "migrate" -d 'Bring the database schema up to date'
complete -c ade -n "__fish_ade_needs_command" -f -a "worker" -d 'Execute queued runs'
complete -c ade -n "__fish_ade_needs_command" -f -a "dev" -d 'Serve API and pages, and execute runs, on this machine'
complete -c ade -n "__fish_ade_needs_command" -f -a "serve" -d 'Serve API and pages'
complete -c ade -n "__fish_ade_needs_command" -f -a "tokens" -d 'Create, list and revoke tokens of the API'
complete -c ade -n "__fish_ade_needs_command" -f -a "openapi" -d 'Print the API\'s OpenAPI document'
complete -c ade -n "__fish_ade_needs_command" -f -a "openapi-types" -d 'Print the API\'s types for TypeScript'
complete -c ade -n "__fish_ade_needs_command" -f -a "top" -d 'Watch the queue, its workers, their leases and the throughput'
complete -c ade -n "__fish_ade_needs_command" -f -a "doctor" -d 'Check whether this machine is ready, and say how to correct what is not'
complete -c ade -n "__fish_ade_needs_command" -f -a "settings" -d 'Show every setting, its value, where it came from, and what it means'
complete -c ade -n "__fish_ade_needs_command" -f -a "man" -d 'Print the manual page, or write all of them to a folder'
complete -c ade -n "__fish_ade_needs_command" -f -a "completions" -d 'Print the completions for a shell'
complete -c ade -n "__fish_ade_using_subcommand init" -l name -d 'The project\'s name [default: the folder\'s]' -r
complete -c ade -n "__fish_ade_using_subcommand init" -l template -d 'The template to start from' -r -f -a "default\t''
minimal\t''"
complete -c ade -n "__fish_ade_using_subcommand init" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand init" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand init" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand init" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand init" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand init" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand init" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand init" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand init" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand run" -l input-sheet -d 'Process only this sheet; may be repeated' -r
complete -c ade -n "__fish_ade_using_subcommand run" -l header-rows -d 'Take these rows as the header of a sheet, SHEET=3, SHEET=3-4 or SHEET=none; may be repeated' -r
complete -c ade -n "__fish_ade_using_subcommand run" -l range -d 'Look for tables of a sheet in this range only, SHEET=B3:H90; may be repeated' -r
complete -c ade -n "__fish_ade_using_subcommand run" -s o -l output-dir -d 'Copy each normalized workbook into this folder' -r -F
complete -c ade -n "__fish_ade_using_subcommand run" -l require -d 'Exit 1 if a run neither finds nor computes this field; may be repeated' -r
complete -c ade -n "__fish_ade_using_subcommand run" -l min-rows -d 'Exit 1 if a run writes fewer rows' -r
complete -c ade -n "__fish_ade_using_subcommand run" -l timeout -d 'Stop a run that takes longer [env: ADE_RUN_TIMEOUT_SECONDS] [default: no limit]' -r
complete -c ade -n "__fish_ade_using_subcommand run" -s j -l jobs -d 'Files to process at the same time [env: ADE_WORKER_CONCURRENCY] [default: half the cores, at most 4]' -r
complete -c ade -n "__fish_ade_using_subcommand run" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand run" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand run" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand run" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand run" -s r -l recursive -d 'Take the files in folders below a folder too'
complete -c ade -n "__fish_ade_using_subcommand run" -l active-sheet-only -d 'Process only the sheet that was active when the workbook was saved'
complete -c ade -n "__fish_ade_using_subcommand run" -l show-values -d 'Show on this terminal the cell values that messages leave out; no file keeps these values'
complete -c ade -n "__fish_ade_using_subcommand run" -l deny-issues -d 'Exit 1 if a run has validation issues, or finds no table or no field'
complete -c ade -n "__fish_ade_using_subcommand run" -l watch -d 'Run an input again when the input changes, and all inputs when the configuration changes'
complete -c ade -n "__fish_ade_using_subcommand run" -l detach -d 'Leave the runs in the queue for a worker, and print their ids'
complete -c ade -n "__fish_ade_using_subcommand run" -l validate-only -d 'Load and check the configuration, and process nothing'
complete -c ade -n "__fish_ade_using_subcommand run" -l dry-run -d 'Record a run, and start no engine'
complete -c ade -n "__fish_ade_using_subcommand run" -l allow-network -d 'Ask for a network, which a run has only where ADE_ALLOW_NETWORK allows it'
complete -c ade -n "__fish_ade_using_subcommand run" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand run" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand run" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand run" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand run" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand check" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand check" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand check" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand check" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand check" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand check" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand check" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand check" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand check" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand runs; and not __fish_seen_subcommand_from ls show cancel retry rm" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand runs; and not __fish_seen_subcommand_from ls show cancel retry rm" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand runs; and not __fish_seen_subcommand_from ls show cancel retry rm" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand runs; and not __fish_seen_subcommand_from ls show cancel retry rm" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand runs; and not __fish_seen_subcommand_from ls show cancel retry rm" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand runs; and not __fish_seen_subcommand_from ls show cancel retry rm" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand runs; and not __fish_seen_subcommand_from ls show cancel retry rm" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand runs; and not __fish_seen_subcommand_from ls show cancel retry rm" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand runs; and not __fish_seen_subcommand_from ls show cancel retry rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand runs; and not __fish_seen_subcommand_from ls show cancel retry rm" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand runs; and not __fish_seen_subcommand_from ls show cancel retry rm" -f -a "ls" -d 'List runs, newest first'
complete -c ade -n "__fish_ade_using_subcommand runs; and not __fish_seen_subcommand_from ls show cancel retry rm" -f -a "show" -d 'Show everything about one run'
complete -c ade -n "__fish_ade_using_subcommand runs; and not __fish_seen_subcommand_from ls show cancel retry rm" -f -a "cancel" -d 'Cancel runs'
complete -c ade -n "__fish_ade_using_subcommand runs; and not __fish_seen_subcommand_from ls show cancel retry rm" -f -a "retry" -d 'Run ended runs again, as new runs'
complete -c ade -n "__fish_ade_using_subcommand runs; and not __fish_seen_subcommand_from ls show cancel retry rm" -f -a "rm" -d 'Remove ended runs: their records and their files'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from ls" -l status -d 'Only runs in this state' -r -f -a "queued\t''
running\t''
succeeded\t''
failed\t''
cancelled\t''"
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from ls" -l configuration -d 'Only runs of this configuration: its name, folder or id' -r -f -k -a "(__fish_ade_offered)"
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from ls" -l input -d 'Only runs of the input file with this name' -r
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from ls" -l since -d 'Only runs recorded since a time (2026-11-20, 2026-11-20T10:00:00Z) or an age (90s, 30m, 12h, 7d, 2w)' -r
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from ls" -l limit -d 'At most N runs' -r
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from ls" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from ls" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from ls" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from ls" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from ls" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from ls" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from ls" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from show" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from show" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from show" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from show" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from show" -l rows -d 'Show what the rows around headers, totals and notes were taken for, and why'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from show" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from show" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from cancel" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from cancel" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from cancel" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from cancel" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from cancel" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from cancel" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from cancel" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from cancel" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from cancel" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from retry" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from retry" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from retry" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from retry" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from retry" -l now -d 'Run them in this process now, instead of leaving them to a worker'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from retry" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from retry" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from retry" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from retry" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from retry" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from retry" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from rm" -l status -d 'Remove the runs that ended in this state' -r -f -a "succeeded\t''
failed\t''
cancelled\t''"
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from rm" -l configuration -d 'Remove the runs of this configuration: its name, folder or id' -r -f -k -a "(__fish_ade_offered)"
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from rm" -l input -d 'Remove the runs of the input file with this name' -r
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from rm" -l before -l older-than -d 'Remove the runs recorded before a time (2026-11-20, 2026-11-20T10:00:00Z) or an age (12h, 7d, 2w)' -r
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from rm" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from rm" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from rm" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from rm" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from rm" -l dry-run -d 'Show what would be removed, and remove nothing'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from rm" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from rm" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from rm" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand runs; and __fish_seen_subcommand_from rm" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand logs; and not __fish_seen_subcommand_from tail" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand logs; and not __fish_seen_subcommand_from tail" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand logs; and not __fish_seen_subcommand_from tail" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand logs; and not __fish_seen_subcommand_from tail" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand logs; and not __fish_seen_subcommand_from tail" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand logs; and not __fish_seen_subcommand_from tail" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand logs; and not __fish_seen_subcommand_from tail" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand logs; and not __fish_seen_subcommand_from tail" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand logs; and not __fish_seen_subcommand_from tail" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand logs; and not __fish_seen_subcommand_from tail" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand logs; and not __fish_seen_subcommand_from tail" -f -a "tail" -d 'Print an event log, and follow it'
complete -c ade -n "__fish_ade_using_subcommand logs; and __fish_seen_subcommand_from tail" -s n -d 'Only the last N events' -r
complete -c ade -n "__fish_ade_using_subcommand logs; and __fish_seen_subcommand_from tail" -l level -d 'Only events of this level and above' -r -f -a "debug\t''
info\t''
warning\t''
error\t''"
complete -c ade -n "__fish_ade_using_subcommand logs; and __fish_seen_subcommand_from tail" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand logs; and __fish_seen_subcommand_from tail" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand logs; and __fish_seen_subcommand_from tail" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand logs; and __fish_seen_subcommand_from tail" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand logs; and __fish_seen_subcommand_from tail" -s f -l follow -d 'Follow until the run ends'
complete -c ade -n "__fish_ade_using_subcommand logs; and __fish_seen_subcommand_from tail" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand logs; and __fish_seen_subcommand_from tail" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand logs; and __fish_seen_subcommand_from tail" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand logs; and __fish_seen_subcommand_from tail" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand logs; and __fish_seen_subcommand_from tail" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand logs; and __fish_seen_subcommand_from tail" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand env; and not __fish_seen_subcommand_from ls show build path rm gc" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand env; and not __fish_seen_subcommand_from ls show build path rm gc" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand env; and not __fish_seen_subcommand_from ls show build path rm gc" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand env; and not __fish_seen_subcommand_from ls show build path rm gc" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand env; and not __fish_seen_subcommand_from ls show build path rm gc" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand env; and not __fish_seen_subcommand_from ls show build path rm gc" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand env; and not __fish_seen_subcommand_from ls show build path rm gc" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand env; and not __fish_seen_subcommand_from ls show build path rm gc" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand env; and not __fish_seen_subcommand_from ls show build path rm gc" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand env; and not __fish_seen_subcommand_from ls show build path rm gc" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand env; and not __fish_seen_subcommand_from ls show build path rm gc" -f -a "ls" -d 'List environments, last used first'
complete -c ade -n "__fish_ade_using_subcommand env; and not __fish_seen_subcommand_from ls show build path rm gc" -f -a "show" -d 'Show everything about one environment'
complete -c ade -n "__fish_ade_using_subcommand env; and not __fish_seen_subcommand_from ls show build path rm gc" -f -a "build" -d 'Build an environment ahead of time, or build it again'
complete -c ade -n "__fish_ade_using_subcommand env; and not __fish_seen_subcommand_from ls show build path rm gc" -f -a "path" -d 'Print the .venv folder of a configuration\'s ready environment'
complete -c ade -n "__fish_ade_using_subcommand env; and not __fish_seen_subcommand_from ls show build path rm gc" -f -a "rm" -d 'Remove environments that no run needs'
complete -c ade -n "__fish_ade_using_subcommand env; and not __fish_seen_subcommand_from ls show build path rm gc" -f -a "gc" -d 'Delete unused environments, files of old runs, and leftovers of interrupted builds'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from ls" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from ls" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from ls" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from ls" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from ls" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from ls" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from ls" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from show" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from show" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from show" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from show" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from show" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from show" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from build" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from build" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from build" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from build" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from build" -l force -d 'Build a new environment even if one is ready; runs in progress keep the old environment'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from build" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from build" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from build" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from build" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from build" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from build" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from path" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from path" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from path" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from path" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from path" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from path" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from path" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from path" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from rm" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from rm" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from rm" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from rm" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from rm" -l dry-run -d 'Show what would be removed, and remove nothing'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from rm" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from rm" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from rm" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from rm" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from gc" -l ttl-days -d 'Days without use after which an environment may be deleted; 0: never [env: ADE_WORKER_ENV_TTL_DAYS] [default: 30]' -r
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from gc" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from gc" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from gc" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from gc" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from gc" -l dry-run -d 'Show what would be deleted, and delete nothing'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from gc" -l superseded -d 'Also delete unused environments of active configurations whose dependencies have changed since'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from gc" -l trust-clock -d 'Also count time during which no ade ran; without this flag, a jump of the clock makes nothing old'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from gc" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from gc" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from gc" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from gc" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from gc" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand env; and __fish_seen_subcommand_from gc" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand configs; and not __fish_seen_subcommand_from ls show activate deactivate" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand configs; and not __fish_seen_subcommand_from ls show activate deactivate" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand configs; and not __fish_seen_subcommand_from ls show activate deactivate" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand configs; and not __fish_seen_subcommand_from ls show activate deactivate" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand configs; and not __fish_seen_subcommand_from ls show activate deactivate" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand configs; and not __fish_seen_subcommand_from ls show activate deactivate" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand configs; and not __fish_seen_subcommand_from ls show activate deactivate" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand configs; and not __fish_seen_subcommand_from ls show activate deactivate" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand configs; and not __fish_seen_subcommand_from ls show activate deactivate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand configs; and not __fish_seen_subcommand_from ls show activate deactivate" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand configs; and not __fish_seen_subcommand_from ls show activate deactivate" -f -a "ls" -d 'List configurations, the active one first'
complete -c ade -n "__fish_ade_using_subcommand configs; and not __fish_seen_subcommand_from ls show activate deactivate" -f -a "show" -d 'Show everything about one configuration'
complete -c ade -n "__fish_ade_using_subcommand configs; and not __fish_seen_subcommand_from ls show activate deactivate" -f -a "activate" -d 'Make a configuration the one that the workspace\'s runs use by default'
complete -c ade -n "__fish_ade_using_subcommand configs; and not __fish_seen_subcommand_from ls show activate deactivate" -f -a "deactivate" -d 'End that the workspace\'s runs use a configuration by default'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from ls" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from ls" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from ls" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from ls" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from ls" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from ls" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from ls" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from show" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from show" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from show" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from show" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from show" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from show" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from activate" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from activate" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from activate" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from activate" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from activate" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from activate" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from activate" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from activate" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from activate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from activate" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from deactivate" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from deactivate" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from deactivate" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from deactivate" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from deactivate" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from deactivate" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from deactivate" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from deactivate" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from deactivate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand configs; and __fish_seen_subcommand_from deactivate" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand migrate" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand migrate" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand migrate" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand migrate" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand migrate" -l check -d 'Change nothing, and exit 5 if the schema is behind or ahead'
complete -c ade -n "__fish_ade_using_subcommand migrate" -l status -d 'List the migrations'
complete -c ade -n "__fish_ade_using_subcommand migrate" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand migrate" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand migrate" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand migrate" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand migrate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand migrate" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand worker" -l concurrency -d 'Runs to execute at the same time [env: ADE_WORKER_CONCURRENCY] [default: half the cores, at most 4]' -r
complete -c ade -n "__fish_ade_using_subcommand worker" -l grace -d 'Seconds to wait for running runs after a signal to stop' -r
complete -c ade -n "__fish_ade_using_subcommand worker" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand worker" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand worker" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand worker" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand worker" -l drain -d 'Exit when the queue is empty and nothing runs'
complete -c ade -n "__fish_ade_using_subcommand worker" -l once -d 'Execute one run, and exit'
complete -c ade -n "__fish_ade_using_subcommand worker" -l no-gc -d 'Do not delete unused environments and files of old runs [env: ADE_WORKER_ENABLE_GC=0]'
complete -c ade -n "__fish_ade_using_subcommand worker" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand worker" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand worker" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand worker" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand worker" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand worker" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand dev" -l host -d 'The address to listen on' -r
complete -c ade -n "__fish_ade_using_subcommand dev" -l port -d 'The port to listen on; 0: one that is free' -r
complete -c ade -n "__fish_ade_using_subcommand dev" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand dev" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand dev" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand dev" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand dev" -l no-worker -d 'Execute no runs'
complete -c ade -n "__fish_ade_using_subcommand dev" -l no-web -d 'Serve no pages, the API alone'
complete -c ade -n "__fish_ade_using_subcommand dev" -l open -d 'Open the page in a browser'
complete -c ade -n "__fish_ade_using_subcommand dev" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand dev" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand dev" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand dev" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand dev" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand dev" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand serve" -l host -d 'The address to listen on' -r
complete -c ade -n "__fish_ade_using_subcommand serve" -l port -d 'The port to listen on' -r
complete -c ade -n "__fish_ade_using_subcommand serve" -l socket -d 'Listen on a UNIX socket instead' -r -F
complete -c ade -n "__fish_ade_using_subcommand serve" -l grace -d 'Seconds to wait for answers, and for runs with --worker, after a signal to stop' -r
complete -c ade -n "__fish_ade_using_subcommand serve" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand serve" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand serve" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand serve" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand serve" -l no-web -d 'Serve no pages, the API alone'
complete -c ade -n "__fish_ade_using_subcommand serve" -l worker -d 'Execute runs too'
complete -c ade -n "__fish_ade_using_subcommand serve" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand serve" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand serve" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand serve" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand serve" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand tokens; and not __fish_seen_subcommand_from create ls revoke" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand tokens; and not __fish_seen_subcommand_from create ls revoke" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand tokens; and not __fish_seen_subcommand_from create ls revoke" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand tokens; and not __fish_seen_subcommand_from create ls revoke" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand tokens; and not __fish_seen_subcommand_from create ls revoke" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand tokens; and not __fish_seen_subcommand_from create ls revoke" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand tokens; and not __fish_seen_subcommand_from create ls revoke" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand tokens; and not __fish_seen_subcommand_from create ls revoke" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand tokens; and not __fish_seen_subcommand_from create ls revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand tokens; and not __fish_seen_subcommand_from create ls revoke" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand tokens; and not __fish_seen_subcommand_from create ls revoke" -f -a "create" -d 'Make a token and print it'
complete -c ade -n "__fish_ade_using_subcommand tokens; and not __fish_seen_subcommand_from create ls revoke" -f -a "ls" -d 'List tokens, newest first'
complete -c ade -n "__fish_ade_using_subcommand tokens; and not __fish_seen_subcommand_from create ls revoke" -f -a "revoke" -d 'Revoke tokens, by name or id'
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from create" -l scope -d 'What it allows: to look; also to submit runs; also to change configurations and settings' -r -f -a "read\t''
run\t''
admin\t''"
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from create" -l for -d 'The workspaces that it is for; without this flag, all' -r
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from create" -l days -d 'Days that it is valid; without this flag, until it is revoked' -r
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from create" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from create" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from create" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from create" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from create" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from create" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from create" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from ls" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from ls" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from ls" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from ls" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from ls" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from ls" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from ls" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from revoke" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from revoke" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from revoke" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from revoke" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from revoke" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from revoke" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from revoke" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from revoke" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand tokens; and __fish_seen_subcommand_from revoke" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand openapi" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand openapi" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand openapi" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand openapi" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand openapi" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand openapi" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand openapi" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand openapi" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand openapi" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand openapi" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand openapi-types" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand openapi-types" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand openapi-types" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand openapi-types" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand openapi-types" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand openapi-types" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand openapi-types" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand openapi-types" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand openapi-types" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand openapi-types" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand top" -l interval -d 'Seconds between two updates' -r
complete -c ade -n "__fish_ade_using_subcommand top" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand top" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand top" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand top" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand top" -l once -d 'Print once'
complete -c ade -n "__fish_ade_using_subcommand top" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand top" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand top" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand top" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand top" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand top" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand doctor" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand doctor" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand doctor" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand doctor" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand doctor" -l adopt -d 'Record that the database and the data directory belong together from now on'
complete -c ade -n "__fish_ade_using_subcommand doctor" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand doctor" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand doctor" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand doctor" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand doctor" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand settings" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand settings" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand settings" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand settings" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand settings" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand settings" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand settings" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand settings" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand settings" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand settings" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand man" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand man" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand man" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand man" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand man" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand man" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand man" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand man" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand man" -s V -l version -d 'Print version'
complete -c ade -n "__fish_ade_using_subcommand completions" -l data-dir -d 'The root of everything that ADE writes [env: ADE_DATA_DIR] [default: ./data]' -r -F
complete -c ade -n "__fish_ade_using_subcommand completions" -l database-url -d 'The database that holds the queue [env: ADE_DATABASE_URL] [default: sqlite:///<data-dir>/db/ade.sqlite]' -r
complete -c ade -n "__fish_ade_using_subcommand completions" -s w -l workspace -d 'The workspace that commands act in [env: ADE_WORKSPACE] [default: default]' -r
complete -c ade -n "__fish_ade_using_subcommand completions" -l color -d 'Colour the output [env: NO_COLOR, CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ade -n "__fish_ade_using_subcommand completions" -l json -d 'Print data as JSON'
complete -c ade -n "__fish_ade_using_subcommand completions" -s q -l quiet -d 'Print errors and data only [env: ADE_LOG_LEVEL=error]'
complete -c ade -n "__fish_ade_using_subcommand completions" -s v -l verbose -d 'Print debug events too; -vv prints all events [env: ADE_LOG_LEVEL=debug]'
complete -c ade -n "__fish_ade_using_subcommand completions" -l offline -d 'Build environments without a network, from caches only [env: ADE_OFFLINE]'
complete -c ade -n "__fish_ade_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ade -n "__fish_ade_using_subcommand completions" -s V -l version -d 'Print version'

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
