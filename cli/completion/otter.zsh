#compdef otter
# zsh completion of otter. What there is to offer is asked of otter itself, at each TAB.
_otter() {
    local -a lines offered
    local first line

    lines=("${(@f)$("${(Q)words[1]/#\~\//$HOME/}" __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    first=$lines[1]
    case $first in
    files*) compset -P "${(b)first#files }"; _files ;;
    dirs*) compset -P "${(b)first#dirs }"; _files -/ ;;
    *)
        for line in "${(@)lines[2,-1]}"; do
            [[ -z $line ]] || offered+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
        done
        if [[ $first == *nospace ]]; then
            _describe -t values 'otter' offered -S ''
        else
            _describe -t values 'otter' offered
        fi
        ;;
    esac
}
if [[ $funcstack[1] == _otter ]]; then
    _otter "$@"
else
    compdef _otter otter
fi
