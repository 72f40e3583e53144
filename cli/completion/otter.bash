# bash completion of otter. What there is to offer is asked of otter itself, at each TAB.
_otter() {
    local line=${COMP_LINE:0:COMP_POINT} word rest current breaks cut answer first i
    local -a words=()

    COMPREPLY=()
    # Bash parts words at = : and @ too; here a word is what stands between blanks.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        rest=${line#"${line%%[![:space:]]*}"}
        ((i < COMP_CWORD)) || word=$rest
        if ((i > 0)) && [[ $rest == "$line" ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        line=${rest#"$word"}
    done
    current=${words[${#words[@]} - 1]}
    # It replaces only what stands behind the last of those marks.
    breaks=${COMP_WORDBREAKS//[!=:@]/}
    if [[ -n $breaks ]]; then
        cut=${current%"${current##*["$breaks"]}"}
    fi

    answer=$("${words[0]/#\~\//$HOME/}" __complete "${words[@]:1}" 2>/dev/null) || return 0
    first=${answer%%$'\n'*}
    case $first in
    # Readline's own: it knows about quotes, blanks and ~.
    files*) compopt -o default 2>/dev/null ;;
    dirs*) compopt -o dirnames 2>/dev/null ;;
    *)
        [[ $first != *nospace ]] || compopt -o nospace 2>/dev/null
        [[ $answer == *$'\n'* ]] || return 0
        while IFS=$'\t' read -r word rest; do
            COMPREPLY+=("${word#"$cut"}")
        done <<<"${answer#*$'\n'}"
        ;;
    esac
}
complete -F _otter otter
