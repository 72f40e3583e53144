# fish completion of otter. What there is to offer is asked of otter itself, at each TAB.
function __otter_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct | string unescape)
    set -l program $words[1]
    set -e words[1]
    set -l lines (command $program __complete $words "$current" 2>/dev/null)
    set -l first $lines[1]
    set -e lines[1]
    switch $first
        case 'files*'
            set -l before (string replace 'files ' '' -- $first)
            set -l path (string sub -s (math (string length -- "$before") + 1) -- $current)
            string replace -r '^' (string escape --style=regex -- "$before") -- (__fish_complete_path "$path")
        case 'dirs*'
            set -l before (string replace 'dirs ' '' -- $first)
            set -l path (string sub -s (math (string length -- "$before") + 1) -- $current)
            string replace -r '^' (string escape --style=regex -- "$before") -- (__fish_complete_directories "$path")
        case '*'
            printf '%s\n' $lines
    end
end
complete -c otter -f -a '(__otter_complete)'
