# Completion of wgnet for bash, as `wgnet completion bash' prints it.
# wgnet itself is asked what may come next: a word a line, then a tab and what it is; <file> and the like are the shell's business.
_wgnet() {
    local line=${COMP_LINE:0:COMP_POINT} typed=$2 candidate head
    local -a words
    IFS=$' \t\n' read -ra words <<<"$line"
    [[ $line == *[[:blank:]] ]] && words+=("")
    # bash takes : and = for ends of words, and replaces what follows the last of them.
    head=${words[-1]%"$typed"}
    COMPREPLY=()
    while IFS=$'\t' read -r candidate _; do
        case $candidate in
        '<file>')
            compopt -o filenames 2>/dev/null
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$typed")
            ;;
        '<file>.conf')
            compopt -o filenames 2>/dev/null
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -X '!*.conf' -- "$typed"; compgen -d -- "$typed")
            ;;
        '<directory>')
            compopt -o filenames 2>/dev/null
            mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$typed")
            ;;
        *)
            COMPREPLY+=("${candidate#"$head"}")
            ;;
        esac
    done < <(command wgnet completion next "${words[@]:1}" 2>/dev/null)
}
complete -F _wgnet wgnet
