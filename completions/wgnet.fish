# Completion of wgnet for fish, as `wgnet completion fish' prints it.
# wgnet itself is asked what may come next: a word a line, then a tab and what it is; <file> and the like are the shell's business.
function __wgnet_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    for line in (command wgnet completion next $words[2..] "$typed" 2>/dev/null)
        switch $line
            case '<file>'
                __fish_complete_path "$typed"
            case '<file>.conf'
                __fish_complete_path "$typed" | string match -r '.*(?:/|\.conf)(?:\t.*)?$'
            case '<directory>'
                __fish_complete_directories "$typed"
            case '*'
                printf '%s\n' $line
        end
    end
end

complete -c wgnet -f -a '(__wgnet_complete)'
